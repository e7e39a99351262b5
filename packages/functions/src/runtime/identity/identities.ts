import type { GroupDirectory, Identities, IdentityProvider } from '@countersign/core/session'
import * as Session from '@countersign/core/session/module'
import { err, hasDuplicateMember, ok, type Redacted } from '@countersign/core/shared'
import { type CompactVerifyGetKey, compactVerify, createRemoteJWKSet, errors } from 'jose'
import { claimDirectory } from './claim-directory.ts'
import { type CallOptions, googleDirectory } from './google-directory.ts'

export interface IdentitiesOptions extends CallOptions {
  readonly configuration: () => Session.SignInConfiguration
  /** A service account's key, as Google's console gives it out. */
  readonly serviceAccount: () => Promise<Redacted<string>>
  /** The people of a file, where there is one. */
  readonly file?: GroupDirectory
}

const JWKS_TIMEOUT_MILLISECONDS = 3_000
const JWKS_COOLDOWN_MILLISECONDS = 30_000
const JWKS_KEPT_MILLISECONDS = 600_000

/** Verifies with the keys a provider publishes: kept, fetched again for an unknown `kid` after a cooldown, never for long. */
export const identities = (options: IdentitiesOptions): Identities => {
  const keys = remembered(({ jwksUrl }: IdentityProvider) =>
    createRemoteJWKSet(new URL(jwksUrl), {
      timeoutDuration: JWKS_TIMEOUT_MILLISECONDS,
      cooldownDuration: JWKS_COOLDOWN_MILLISECONDS,
      cacheMaxAge: JWKS_KEPT_MILLISECONDS,
    }),
  )
  const directories = remembered((provider: IdentityProvider) => directoryOf(provider, options))
  return {
    configuration: options.configuration,
    verify: (token, provider) => verify(token, keys(provider)),
    directoryOf: directories,
  }
}

const remembered = <T>(make: (provider: IdentityProvider) => T): ((provider: IdentityProvider) => T) => {
  const made = new Map<string, T>()
  return (provider) => {
    const key = JSON.stringify(provider)
    const known = made.get(key) ?? make(provider)
    made.set(key, known)
    return known
  }
}

const directoryOf = (provider: IdentityProvider, options: IdentitiesOptions): GroupDirectory => {
  const { groups, hostedDomains } = provider
  switch (groups.from) {
    case 'claim':
      return claimDirectory(groups.claim)
    case 'google-directory':
      return googleDirectory({ ...options, ...groups, hostedDomains })
    case 'file':
      if (!options.file)
        throw new Error(`there is no file of people for the provider "${provider.name}" here`)
      return options.file
  }
}

type Verified = Awaited<ReturnType<Identities['verify']>>

/** What the caller brought about is a refusal; that the keys cannot be had is not the token's fault. */
const verify = async (token: Redacted<string>, keys: CompactVerifyGetKey): Promise<Verified> => {
  const algorithms = [...Session.ID_TOKEN_ALGORITHMS]
  try {
    const { payload } = await compactVerify(token.reveal(), keys, { algorithms })
    const claims = claimsIn(payload)
    return claims ? ok(claims) : err('id_token_malformed')
  } catch (error) {
    if (error instanceof errors.JOSEAlgNotAllowed) return err('id_token_algorithm_not_allowed')
    if (isOneOf(error, SIGNATURE)) return err('id_token_signature_invalid')
    if (isOneOf(error, MALFORMED)) return err('id_token_malformed')
    throw new Error('the keys of the identity provider cannot be had', { cause: error })
  }
}

const isOneOf = (error: unknown, kinds: readonly (new (...given: never[]) => Error)[]): boolean =>
  kinds.some((kind) => error instanceof kind)

const SIGNATURE = [
  errors.JWSSignatureVerificationFailed,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
]
const MALFORMED = [errors.JWSInvalid, errors.JOSENotSupported]

/** UTF-8, an object, and no member twice: which of two counts is for nobody to guess (RFC 8259 §4). */
const claimsIn = (payload: Uint8Array): Session.IdTokenClaims | undefined => {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(payload)
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return hasDuplicateMember(text) ? undefined : (value as Session.IdTokenClaims)
  } catch {
    return undefined
  }
}
