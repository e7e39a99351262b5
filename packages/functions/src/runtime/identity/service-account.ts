import { epochSeconds, Redacted } from '@countersign/core/shared'
import { importPKCS8, SignJWT } from 'jose'
import * as z from 'zod'
import { type CallOptions, callJson } from './call-json.ts'

/** What Google's console gives out; other members are of no use here. */
const Key = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(1),
  private_key_id: z.string().min(1),
  private_key: z.string().min(1),
  token_uri: z.url(),
})

const Granted = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() })

/** Read alone: nothing else may be done with what the platform holds. */
const SCOPES = [
  'https://www.googleapis.com/auth/admin.directory.user.readonly',
  'https://www.googleapis.com/auth/admin.directory.group.readonly',
].join(' ')

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const ASSERTION_SECONDS = 600
const RENEWED_BEFORE_MILLISECONDS = 60_000

export interface AccessTokenOptions extends CallOptions {
  readonly serviceAccount: () => Promise<Redacted<string>>
  readonly impersonate: string
}

export interface AccessTokens {
  current(): Promise<Redacted<string>>
  forget(): void
}

/** Access tokens of a service account that speaks for an administrator (RFC 7523 §2.1), kept until shortly before they end. */
export const accessTokens = (options: AccessTokenOptions): AccessTokens => {
  let held: { readonly token: Redacted<string>; readonly until: number } | undefined
  let asking: Promise<Redacted<string>> | undefined
  const ask = async () => {
    const { access_token, expires_in } = await granted(options)
    const token = new Redacted(access_token)
    held = { token, until: options.clock().getTime() + expires_in * 1_000 - RENEWED_BEFORE_MILLISECONDS }
    return token
  }
  return {
    current: async () => {
      if (held && held.until > options.clock().getTime()) return held.token
      asking ??= ask().finally(() => {
        asking = undefined
      })
      return asking
    },
    forget: () => {
      held = undefined
    },
  }
}

const granted = async (options: AccessTokenOptions): Promise<z.output<typeof Granted>> => {
  const key = keyIn(await options.serviceAccount())
  const body = new URLSearchParams({ grant_type: GRANT, assertion: await assertionOf(key, options) })
  const { status, body: answer } = await callJson(key.token_uri, { method: 'POST', body }, options)
  const parsed = Granted.safeParse(answer)
  if (status === 200 && parsed.success) return parsed.data
  const why = z.object({ error: z.string().max(100) }).safeParse(answer)
  const said = why.success ? `: ${why.data.error}` : ''
  throw new Error(`the service account got no access token, the answer was ${status}${said}`)
}

const assertionOf = async (
  { client_email, private_key_id, private_key, token_uri }: z.output<typeof Key>,
  { impersonate, clock }: AccessTokenOptions,
): Promise<string> => {
  const now = epochSeconds(clock())
  return new SignJWT({ scope: SCOPES })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: private_key_id })
    .setIssuer(client_email)
    .setSubject(impersonate)
    .setAudience(token_uri)
    .setIssuedAt(now)
    .setExpirationTime(now + ASSERTION_SECONDS)
    .sign(await importPKCS8(private_key, 'RS256'))
}

/** Nothing of the key is in the error when it is none. */
const keyIn = (text: Redacted<string>): z.output<typeof Key> => {
  const parsed = Key.safeParse(jsonIn(text.reveal()))
  if (parsed.success) return parsed.data
  const members = parsed.error.issues.map(({ path }) => path.join('.') || 'the text').join(', ')
  throw new Error(`the service account's key cannot be read: ${members}`)
}

const jsonIn = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
