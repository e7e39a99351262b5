import { ADMINISTRATOR, type GoogleDirectory, type Member, startGoogleDirectory } from './google-directory.ts'
import { type IdentityProvider, type Signing, startIdentityProvider } from './identity-provider.ts'

export const CLIENT_ID = 'visits-app.apps.example'
export const DOMAIN = 'example.org'

/** What stands in Google's place, and in the place of a provider that puts groups into its ID tokens. */
export interface SignInStandIns {
  readonly provider: IdentityProvider
  readonly other: IdentityProvider
  readonly directory: GoogleDirectory
  /** As an administrator writes it. */
  readonly configuration: string
  readonly serviceAccount: string
  close(): Promise<void>
}

export const startSignIn = async (): Promise<SignInStandIns> => {
  const [provider, other, directory] = await Promise.all([
    startIdentityProvider(),
    startIdentityProvider(),
    startGoogleDirectory(),
  ])
  const configuration = JSON.stringify({
    sessionSeconds: 600,
    providers: [
      {
        ...{ name: 'google', issuers: [provider.issuer], jwksUrl: provider.jwksUrl },
        ...{ clientIds: [CLIENT_ID], hostedDomains: [DOMAIN] },
        groups: { from: 'google-directory', impersonate: ADMINISTRATOR, directoryUrl: directory.url },
      },
      {
        ...{ name: 'other', issuers: [other.issuer], jwksUrl: other.jwksUrl, clientIds: [CLIENT_ID] },
        groups: { from: 'claim', claim: 'roles' },
      },
    ],
  })
  const close = async () => {
    await Promise.all([provider.close(), other.close(), directory.close()])
  }
  return { provider, other, directory, configuration, serviceAccount: directory.serviceAccount, close }
}

const ID_TOKEN_SECONDS = 3_600

/** An ID token as Google signs it, of somebody the directory knows; members that are `undefined` are left out. */
export const idTokenOf = (
  { provider }: Pick<SignInStandIns, 'provider'>,
  { id, primaryEmail }: Pick<Member, 'id' | 'primaryEmail'>,
  changed: Readonly<Record<string, unknown>> = {},
  signing: Signing = {},
): Promise<string> => {
  const now = Math.floor(Date.now() / 1_000)
  const claims = {
    ...{ iss: provider.issuer, aud: CLIENT_ID, azp: CLIENT_ID, sub: id, hd: DOMAIN },
    ...{ email: primaryEmail, email_verified: true, iat: now, exp: now + ID_TOKEN_SECONDS },
    ...changed,
  }
  return provider.idToken(JSON.parse(JSON.stringify(claims)), signing)
}
