import type { DirectoryRefusal, IdentityProvider, IdTokenRefusal, Person } from '@countersign/core/session'
import * as Session from '@countersign/core/session/module'
import { err, ok, type Redacted, type Result } from '@countersign/core/shared'
import { causesOf } from './http.ts'
import type { OauthRefusal } from './oauth.ts'
import type { Services } from './services.ts'

/** A person who may sign in, and what they are a member of. */
export interface SignedIn {
  readonly provider: IdentityProvider
  readonly person: Person
  readonly groups: readonly string[]
}

type SignInServices = Pick<Services, 'identities' | 'log'>

/** From an ID token to a person and their groups. Provider or directory not reachable: nobody signs in. */
export const signIn = async (
  services: SignInServices,
  token: Redacted<string>,
  nonce: string | undefined,
  now: Date,
): Promise<Result<SignedIn, OauthRefusal>> => {
  const { identities } = services
  const provider = providerOf(token, identities.configuration())
  if (!provider) return refusedToken('id_token_issuer_unknown')
  const claims = await reached(services, provider, 'identity provider', () =>
    identities.verify(token, provider),
  )
  if (!claims.ok) return claims
  if (!claims.value.ok) return refusedToken(claims.value.error)
  const person = Session.personIn(claims.value.value, provider, nonce, now)
  if (!person.ok) return refusedToken(person.error)
  const told = await reached(services, provider, 'directory', () =>
    identities.directoryOf(provider).groupsOf(person.value),
  )
  if (!told.ok) return told
  if (!told.value.ok) return refusedAccount(told.value.error)
  const groups = Session.groupsFrom(told.value.value)
  return groups ? ok({ provider, person: person.value, groups }) : refusedAccount('too_many_groups')
}

/** Read without trust, to know whose keys to ask; `personIn` compares it again once the signature was found good. */
const providerOf = (
  token: Redacted<string>,
  { providers }: Session.SignInConfiguration,
): IdentityProvider | undefined => {
  try {
    const payload: unknown = JSON.parse(
      Buffer.from(token.reveal().split('.')[1] ?? '', 'base64url').toString(),
    )
    const issuer =
      typeof payload === 'object' && payload !== null && 'iss' in payload ? payload.iss : undefined
    return providers.find(({ issuers }) => typeof issuer === 'string' && issuers.includes(issuer))
  } catch {
    return undefined
  }
}

const reached = async <T>(
  { log }: SignInServices,
  { name }: IdentityProvider,
  what: string,
  ask: () => Promise<T>,
): Promise<Result<T, OauthRefusal>> => {
  try {
    return ok(await ask())
  } catch (error) {
    log({ level: 'error', message: `the ${what} could not be asked`, provider: name, error: causesOf(error) })
    const code = what === 'directory' ? 'directory_unreachable' : 'identity_provider_unreachable'
    return err({
      error: 'temporarily_unavailable',
      code,
      detail: `the ${what} could not be asked; try again`,
    })
  }
}

const WORDS: Readonly<Record<IdTokenRefusal, string>> = {
  id_token_malformed: 'the subject token is not an ID token',
  id_token_signature_invalid: 'the signature is not good under the keys of its issuer',
  id_token_algorithm_not_allowed: `the algorithm is none of ${Session.ID_TOKEN_ALGORITHMS.join(', ')}`,
  id_token_issuer_unknown: 'its issuer is not trusted here',
  id_token_audience_mismatch: 'it is for another client',
  id_token_expired: 'it is over; sign in again',
  id_token_not_yet_valid: 'it is not valid yet',
  id_token_nonce_mismatch: 'its nonce is not the one that was given',
  id_token_domain_not_allowed: 'accounts of its domain may not sign in',
  id_token_email_unverified: 'its email address is not verified',
}

const refusedToken = (code: IdTokenRefusal) =>
  err({ error: 'invalid_grant', code, detail: WORDS[code] } as const)

const ACCOUNT_WORDS: Readonly<Record<DirectoryRefusal | 'too_many_groups', string>> = {
  account_unknown: 'the directory does not know the account',
  account_suspended: 'the account is suspended',
  account_of_other_domain: 'accounts of its domain may not sign in',
  too_many_groups: `the account is a member of more than ${Session.MOST_GROUPS} groups`,
}

const refusedAccount = (code: DirectoryRefusal | 'too_many_groups') =>
  err({ error: 'invalid_grant', code, detail: ACCOUNT_WORDS[code] } as const)
