import { type Command, ROUTE_NAMES, SLOTS } from './commands.ts'
import { taken } from './operations.ts'
import type { Cause, KnownSession } from './oracle.ts'
import { GROUPS, idTokenOf, PEOPLE } from './people.ts'
import type { World } from './world.ts'

const [, B, BC] = ROUTE_NAMES as [string, string, string]
const [STAFF, OPERATORS] = GROUPS

/** What groups open, at one time or another; routes by name. */
const RULES: readonly Readonly<Partial<Record<(typeof GROUPS)[number], readonly string[]>>>[] = [
  { [STAFF]: [B], [OPERATORS]: [BC] },
  { [STAFF]: [B, BC] },
  { [OPERATORS]: [B, BC] },
  { [STAFF]: [BC], [OPERATORS]: [B] },
  {},
]

const everyRule = (slot: number) =>
  GROUPS.flatMap((group) =>
    ROUTE_NAMES.map((name) => ({ group, name, cause: `unruled ${slot} ${group} ${name}` })),
  )

/** Nobody was given anything yet. */
export const noRules = (slot: number): readonly Cause[] => everyRule(slot).map(({ cause }) => cause)

export const changeRules = (slot: number, variant: number): Command => {
  const rules = taken(RULES, variant) ?? {}
  const { name = '', environment = '' } = SLOTS[slot] ?? {}
  const isGiven = (one: { group: (typeof GROUPS)[number]; name: string }) =>
    rules[one.group]?.includes(one.name) ?? false
  const all = everyRule(slot)
  return {
    route: 'PUT /apis/{name}/access-rules/{environment}',
    path: { name, environment },
    body: { rules: Object.entries(rules).map(([group, routes]) => ({ group, routes })) },
    refuses: all.filter((one) => !isGiven(one)).map(({ cause }) => cause),
    undoes: all.filter(isGiven).map(({ cause }) => cause),
  }
}

/** RFC 8693: an ID token comes in, a session goes out. */
export const signIn = (world: World, pick: number): Command => {
  const person = taken(PEOPLE, pick) ?? PEOPLE[0]
  const changes = world.directory.changesOf(person)
  return {
    route: 'POST /oauth/token',
    form: {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: idTokenOf(person, world.seconds()),
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    },
    asksDirectory: true,
    learn: (body) => {
      const session = learnSession(world, person, body)
      if (world.directory.changesOf(person) === changes) return
      // What it was told of the person before may be over, and the next look at the directory ends the session.
      const causes = [`ended ${session.id}`]
      world.oracle.begin(causes, [])
      world.oracle.end(causes, [])
    },
  }
}

const learnSession = (
  world: World,
  person: string,
  body: Readonly<Record<string, unknown>>,
): KnownSession => {
  const presented = String(body.access_token)
  const [header = '', payload = '', signature = ''] = presented.split('.')
  const json = (text: string) =>
    JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>
  const { iat, exp } = json(payload)
  const session: KnownSession = {
    id: String(body.session_id),
    presented,
    person,
    kid: String(json(header).kid),
    issuedAt: Number(iat),
    expiresAt: Number(exp),
  }
  world.secrets.add(signature)
  world.oracle.sessions.push(session)
  world.oracle.said.set(`session.started ${session.id}`, 'once')
  world.keys.signed(session)
  return session
}

/** A clock that is ahead may take a token for over, and have nothing to do. */
const ENDING_SECONDS = 10

/** RFC 7009: whoever holds it ends it. */
export const signOut = (world: World, { id, presented, expiresAt }: KnownSession): Command => ({
  route: 'POST /oauth/revoke',
  form: { token: presented },
  refuses: expiresAt - ENDING_SECONDS > world.seconds() ? [`ended ${id}`] : [],
})
