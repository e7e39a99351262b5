import type { Identities, SignInConfiguration } from '@countersign/core/session'
import type { Redacted } from '@countersign/core/shared'
import { identities } from '@countersign/functions/runtime/identity/identities'
import { OWN_PROVIDER } from '../platform/sign-in-options.ts'
import { fileDirectory, type PeopleFile } from './people.ts'
import { CLIENTS } from './provider.ts'

export interface LocalIdentitiesOptions {
  readonly people: PeopleFile
  readonly clock: () => Date
  /** Others who vouch for people, and how long sessions last. */
  readonly configured: SignInConfiguration
  /** Where this machine's own provider is; undefined while it does not listen. */
  readonly issuer: () => string | undefined
  readonly serviceAccount?: () => Promise<Redacted<string>>
}

/** Those configured, and this machine's own provider with its file of people. */
export const localIdentities = ({
  people,
  clock,
  configured,
  issuer,
  serviceAccount = noServiceAccount,
}: LocalIdentitiesOptions): Identities =>
  identities({
    clock,
    file: fileDirectory(people),
    serviceAccount,
    configuration: () => {
      const own = issuer()
      if (own === undefined) return configured
      return { ...configured, providers: [...configured.providers, ownProvider(own)] }
    },
  })

const ownProvider = (issuer: string): SignInConfiguration['providers'][number] => ({
  name: OWN_PROVIDER,
  issuers: [issuer],
  jwksUrl: `${issuer}/jwks.json`,
  clientIds: CLIENTS.map(({ id }) => id),
  requireVerifiedEmail: true,
  groups: { from: 'file' },
})

const noServiceAccount = async (): Promise<never> => {
  throw new Error("no service account's key was given")
}
