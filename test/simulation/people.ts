import type { Identities } from '@countersign/core/session'
import { Session } from '@countersign/core/session'
import { err, ok } from '@countersign/core/shared'
import { crossing } from './task.ts'

export const PEOPLE = ['ada', 'ben', 'cay'] as const
export const GROUPS = ['staff', 'operators'] as const
const PROVIDER = 'simulated'
const ISSUER = 'https://people.simulated'
const CLIENT = 'countersign'

export const subjectOf = (person: string): string => `${PROVIDER}#${person}`

/** Who is a member of what, outside the platform; it changes by itself. */
export const createDirectory = () => {
  const groups = new Map<string, Set<string>>(PEOPLE.map((person) => [person, new Set([GROUPS[0]])]))
  const suspended = new Set<string>()
  /** How often something about a person changed. */
  const changes = new Map<string, number>()
  const toggled = (set: Set<string>, member: string) => {
    if (!set.delete(member)) set.add(member)
  }
  return {
    groupsOf: (person: string): readonly string[] => [...(groups.get(person) ?? [])],
    isSuspended: (person: string): boolean => suspended.has(person),
    changesOf: (person: string): number => changes.get(person) ?? 0,
    toggleGroup: (person: string, group: string): void => {
      changes.set(person, (changes.get(person) ?? 0) + 1)
      toggled(groups.get(person) ?? new Set(), group)
    },
    toggleSuspension: (person: string): void => {
      changes.set(person, (changes.get(person) ?? 0) + 1)
      toggled(suspended, person)
    },
  }
}

export type Directory = ReturnType<typeof createDirectory>

const CONFIGURATION = Session.SignInSchema.parse({
  providers: [
    {
      name: PROVIDER,
      issuers: [ISSUER],
      jwksUrl: `${ISSUER}/keys`,
      clientIds: [CLIENT],
      groups: { from: 'file' },
    },
  ],
})

/** Whatever a provider signed is good: what is simulated is what comes after. */
export const identitiesOver = (directory: Directory): Identities => ({
  configuration: () => CONFIGURATION,
  verify: (token) =>
    crossing(() => {
      const payload = Buffer.from(token.reveal().split('.')[1] ?? '', 'base64url').toString()
      return ok(JSON.parse(payload) as Readonly<Record<string, unknown>>)
    }),
  directoryOf: () => ({
    groupsOf: ({ id }) =>
      crossing(() =>
        directory.isSuspended(id) ? err('account_suspended' as const) : ok(directory.groupsOf(id)),
      ),
  }),
})

/** An ID token as the provider hands it to a person. */
export const idTokenOf = (person: string, seconds: number): string => {
  const text = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    iss: ISSUER,
    aud: CLIENT,
    sub: person,
    email: `${person}@example.org`,
    email_verified: true,
  }
  return `${text({ alg: 'RS256' })}.${text({ ...claims, iat: seconds - 5, exp: seconds + 600 })}.c2lnbmVk`
}
