import { createHash, randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { Redacted } from '@countersign/client/redacted'

/** Why nobody was signed in; nothing of a token or a code is in it. */
export class SignInFailure extends Error {
  /** Whether the provider was there at all. */
  readonly reachable: boolean

  constructor(message: string, { reachable = true, cause }: { reachable?: boolean; cause?: unknown } = {}) {
    super(message, { cause })
    this.reachable = reachable
  }
}

export interface Authorization {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: Redacted<string>
  /** Shows a person where to go. */
  readonly tell: (url: string) => void
}

export interface Authorized {
  readonly idToken: Redacted<string>
  readonly nonce: string
}

const CALL_MILLISECONDS = 10_000
/** As long as somebody may take to sign in. */
const PATIENCE_MILLISECONDS = 300_000

const unguessable = (): string => randomBytes(32).toString('base64url')

/**
 * OpenID Connect's authorization code flow of a native application (RFC 8252): a listener on loopback, PKCE with S256, a
 * `state` and a `nonce` that nobody can guess, and the issuer compared where the answer names one (RFC 9207).
 */
export const authorize = async (authorization: Authorization): Promise<Authorized> => {
  const { issuer, clientId, tell } = authorization
  const provider = await discover(issuer)
  const [verifier, state, nonce] = [unguessable(), unguessable(), unguessable()]
  const callback = await listenForAnswer(state, issuer)
  try {
    const url = new URL(provider.authorization_endpoint)
    const request = {
      ...{ response_type: 'code', client_id: clientId, redirect_uri: callback.redirectUri },
      ...{ scope: 'openid email profile', state, nonce, code_challenge_method: 'S256' },
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    }
    for (const [name, value] of Object.entries(request)) url.searchParams.set(name, value)
    tell(url.href)
    const code = await callback.code
    const idToken = await collect(authorization, provider.token_endpoint, {
      ...{ code, redirect_uri: callback.redirectUri, code_verifier: verifier },
    })
    return { idToken, nonce }
  } finally {
    callback.close()
  }
}

interface Provider {
  readonly authorization_endpoint: string
  readonly token_endpoint: string
}

/** OpenID Connect Discovery 1.0 §4.3: what it says of itself must be what was asked for. */
const discover = async (issuer: string): Promise<Provider> => {
  const { status, body } = await call(`${issuer}/.well-known/openid-configuration`, {})
  const { issuer: own, authorization_endpoint, token_endpoint } = body
  if (status !== 200 || typeof authorization_endpoint !== 'string' || typeof token_endpoint !== 'string')
    throw new SignInFailure('what is there is no OpenID provider', { reachable: false })
  if (own !== issuer) throw new SignInFailure('the OpenID provider says that it is another')
  return { authorization_endpoint, token_endpoint }
}

const collect = async (
  { clientId, clientSecret }: Authorization,
  endpoint: string,
  form: Readonly<Record<string, string>>,
): Promise<Redacted<string>> => {
  const secret: Record<string, string> = clientSecret ? { client_secret: clientSecret.reveal() } : {}
  const { body } = await call(endpoint, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'authorization_code', client_id: clientId, ...secret, ...form }),
  })
  if (typeof body.id_token === 'string') return new Redacted(body.id_token)
  throw new SignInFailure(`the provider gave no ID token: ${errorIn(body.error)}`)
}

const errorIn = (error: unknown): string =>
  typeof error === 'string' && /^[a-z_]{1,64}$/.test(error) ? error : 'it says no reason'

const call = async (url: string, request: RequestInit) => {
  try {
    const signal = AbortSignal.timeout(CALL_MILLISECONDS)
    const response = await fetch(url, { ...request, redirect: 'error', signal })
    const body: unknown = await response.json().catch(() => undefined)
    const members = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
    return { status: response.status, body: members }
  } catch (cause) {
    throw new SignInFailure('the OpenID provider does not answer', { reachable: false, cause })
  }
}

interface Callback {
  readonly redirectUri: string
  readonly code: Promise<string>
  close(): void
}

/** Waits on a port of its own for the browser to come back; what does not carry our `state` is not the answer. */
const listenForAnswer = async (state: string, issuer: string): Promise<Callback> => {
  const { promise: code, resolve, reject } = Promise.withResolvers<string>()
  code.catch(() => {}) // it is awaited later than it may fail
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const answer = url.pathname === '/callback' ? readAnswer(url.searchParams, state, issuer) : undefined
    response.writeHead(answer ? 200 : 400, {
      'content-type': 'text/plain; charset=utf-8',
      connection: 'close',
    })
    response.end(wordsFor(answer))
    if (answer instanceof SignInFailure) reject(answer)
    else if (answer !== undefined) resolve(answer)
  })
  const port = await listening(server)
  const patience = setTimeout(
    () => reject(new SignInFailure('nobody signed in within five minutes')),
    PATIENCE_MILLISECONDS,
  ).unref()
  const close = () => {
    clearTimeout(patience)
    server.close()
    server.closeAllConnections()
  }
  return { redirectUri: `http://127.0.0.1:${port}/callback`, code, close }
}

const wordsFor = (answer: string | SignInFailure | undefined): string => {
  if (answer === undefined) return 'This is not the answer that was waited for.\n'
  return answer instanceof SignInFailure
    ? 'You were not signed in. You can close this page.\n'
    : 'You are signed in. You can close this page.\n'
}

const readAnswer = (
  answer: URLSearchParams,
  state: string,
  issuer: string,
): string | SignInFailure | undefined => {
  if (answer.get('state') !== state) return undefined
  if ((answer.get('iss') ?? issuer) !== issuer) return new SignInFailure('another provider answered')
  const code = answer.get('code')
  return code ?? new SignInFailure(`you were not signed in: ${errorIn(answer.get('error'))}`)
}

const listening = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
