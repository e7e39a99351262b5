import type { Identities, Session } from '@countersign/core/session'
import { err, ok } from '@countersign/core/shared'

const CLIENT = 'test'
const LONGEST_SESSION_SECONDS = 3_600

const PROVIDER: Session.IdentityProvider = {
  name: 'test',
  issuers: ['https://people.countersign.test'],
  jwksUrl: 'https://people.countersign.test/keys',
  clientIds: [CLIENT],
  requireVerifiedEmail: true,
  groups: { from: 'claim', claim: 'groups' },
}

const CONFIGURATION = { sessionSeconds: LONGEST_SESSION_SECONDS, providers: [PROVIDER] }

/** People who are whoever a test says: their ID tokens carry no signature, and nothing but the test can present one. */
export const testPeople: Identities = {
  configuration: () => CONFIGURATION,
  verify: async (token) => {
    const claims = claimsIn(token.reveal())
    return claims ? ok(claims) : err('id_token_malformed')
  },
  directoryOf: () => ({ groupsOf: async ({ claims }) => ok((claims?.groups ?? []) as readonly string[]) }),
}

const claimsIn = (token: string): Session.IdTokenClaims | undefined => {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  } catch {
    return undefined
  }
}

export interface TestPerson {
  readonly name: string
  readonly groups: readonly string[]
}

/** What a person brings from where they signed in; a form for `POST /oauth/token`. */
export const signInForm = ({ name, groups }: TestPerson, now: Date): URLSearchParams => {
  const iat = Math.floor(now.getTime() / 1_000)
  const claims = {
    ...{
      iss: PROVIDER.issuers[0],
      aud: CLIENT,
      sub: name,
      email: `${name}@example.test`,
      email_verified: true,
    },
    ...{ iat, exp: iat + 60, groups },
  }
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url')
  return new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    subject_token: `test.${payload}.test`,
  })
}
