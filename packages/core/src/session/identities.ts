import type { Redacted } from '../shared/redacted.ts'
import type { Result } from '../shared/result.ts'
import type { IdTokenClaims, IdTokenRefusal, Person } from './id-token.ts'
import type { IdentityProvider, SignInConfiguration } from './sign-in.ts'

/** Why a directory does not vouch for an account; each ends the account's sessions. */
export type DirectoryRefusal = 'account_unknown' | 'account_suspended' | 'account_of_other_domain'

/** The groups of people, by stable ids. */
export interface GroupDirectory {
  /** Every group there is, page after page. Throws when it cannot be asked: nobody is let in on a guess. */
  groupsOf(person: Person): Promise<Result<readonly string[], DirectoryRefusal>>
}

/** Who vouches for people, and what they are members of. */
export interface Identities {
  configuration(): SignInConfiguration
  /** The claims of an ID token whose signature is good under the provider's published keys. Throws when these cannot be had. */
  verify(
    token: Redacted<string>,
    provider: IdentityProvider,
  ): Promise<
    Result<
      IdTokenClaims,
      Extract<IdTokenRefusal, `id_token_${'malformed' | 'signature_invalid' | 'algorithm_not_allowed'}`>
    >
  >
  directoryOf(provider: IdentityProvider): GroupDirectory
}

/** A claim says what was true at sign-in; the others can be asked again without the person. */
export const canBeAskedAgain = ({ groups }: IdentityProvider): boolean => groups.from !== 'claim'
