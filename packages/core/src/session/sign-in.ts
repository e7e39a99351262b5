import * as z from 'zod'
import { err, ok, type Result } from '../shared/result.ts'
import { Slug } from '../shared/schema.ts'

/** Over the open network only with TLS; on one machine a provider of its own may do without. */
const isSafe = (text: string): boolean => {
  const url = URL.parse(text)
  if (url === null || `${url.username}${url.password}${url.hash}` !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname))
}

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost'])

const SafeUrl = z.string().refine(isSafe, { error: 'an https URL, or http on this machine' })

const Text = z.string().min(1).max(256)

const Domain = z
  .string()
  .max(253)
  .regex(/^(?:[a-z0-9-]+\.)+[a-z0-9-]+$/, { error: 'a domain in lower case' })

/** Where the groups of a person come from. */
const Groups = z.discriminatedUnion('from', [
  /** A claim of the ID token: a list of strings. It says what was true at sign-in, so sessions cannot be refreshed. */
  z.strictObject({ from: z.literal('claim'), claim: Text }),
  /** Google's Directory API, asked by a service account in the name of an administrator. */
  z.strictObject({
    from: z.literal('google-directory'),
    impersonate: z.email(),
    directoryUrl: SafeUrl.default('https://admin.googleapis.com'),
  }),
  /** The people of a YAML file, on one machine. */
  z.strictObject({ from: z.literal('file') }),
])

const Provider = z.strictObject({
  /** First half of every subject it vouches for: changing it makes everybody somebody else. */
  name: Slug,
  issuers: z.array(SafeUrl.or(z.literal('accounts.google.com'))).min(1),
  jwksUrl: SafeUrl,
  clientIds: z.array(Text).min(1),
  /** The `hd` of the ID token must be one of them. */
  hostedDomains: z.array(Domain).min(1).optional(),
  requireVerifiedEmail: z.boolean().default(true),
  groups: Groups,
})

/** `google` needs no addresses, and is never open to every account that Google has. */
const GOOGLE = {
  issuers: ['https://accounts.google.com', 'accounts.google.com'],
  jwksUrl: 'https://www.googleapis.com/oauth2/v3/certs',
}

const withDefaults = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'name' in value && value.name === 'google'
    ? { ...GOOGLE, ...value }
    : value

const ProviderWithDefaults = z
  .preprocess(withDefaults, Provider)
  .refine(({ name, hostedDomains }) => name !== 'google' || hostedDomains !== undefined, {
    path: ['hostedDomains'],
    error: 'without it every Google account in the world could sign in',
  })

export const SignInSchema = z
  .strictObject({
    sessionSeconds: z.int().min(60).max(3_600).default(900),
    providers: z.array(ProviderWithDefaults).max(10).default([]),
  })
  .superRefine(({ providers }, context) => {
    const repeated = (names: readonly string[]) => new Set(names).size < names.length
    if (repeated(providers.map(({ name }) => name)))
      context.addIssue({ code: 'custom', path: ['providers'], message: 'two of one name' })
    if (repeated(providers.flatMap(({ issuers }) => issuers)))
      context.addIssue({ code: 'custom', path: ['providers'], message: 'two with one issuer' })
  })

/** Who may vouch for people, and how long a session lasts. */
export type SignInConfiguration = z.output<typeof SignInSchema>
export type IdentityProvider = SignInConfiguration['providers'][number]

/** Nobody signs in. */
export const NO_SIGN_IN: SignInConfiguration = { sessionSeconds: 900, providers: [] }

/** The configuration, or everything that is wrong with it, member by member. */
export const readSignIn = (text: string): Result<SignInConfiguration, string> => {
  try {
    const parsed = SignInSchema.safeParse(JSON.parse(text))
    return parsed.success ? ok(parsed.data) : err(z.prettifyError(parsed.error))
  } catch {
    return err('it is not JSON')
  }
}
