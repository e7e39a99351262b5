import { wholeUrl } from '../gateway/address.ts'
import type { GatewayRequest, GatewayResponse } from '../gateway/message.ts'
import { type Listening, listen } from '../server/http-server.ts'
import { agree, authorizationPage, type Client } from './authorization.ts'
import { createCodes } from './codes.ts'
import { idTokenKey } from './id-tokens.ts'
import type { PeopleFile } from './people.ts'
import { tokenAnswer } from './token-endpoint.ts'

/** Clients of this machine: public, with PKCE, on loopback (RFC 8252 §7.3: on any port). */
export const CLIENTS: readonly Client[] = [
  { id: 'countersign-cli', redirectUris: ['http://127.0.0.1/callback'] },
]

export interface OidcOptions {
  readonly port: number
  readonly people: PeopleFile
  readonly clock: () => Date
  readonly failed: (error: unknown) => void
  readonly clients?: readonly Client[]
}

/**
 * An OpenID provider for this machine alone: discovery, authorization code flow with PKCE, RS256. It stands where Google
 * stands elsewhere, so that everything after it is the same; it has no passwords, and listens on loopback only.
 */
export const startOidcProvider = async (options: OidcOptions): Promise<Listening> => {
  const { people, clock, clients = CLIENTS } = options
  const codes = createCodes()
  const key = idTokenKey()
  let issuer = ''
  const context = { people, clients, codes, key, clock, issuer: () => issuer }
  const routes: Readonly<Record<string, (request: GatewayRequest) => Promise<GatewayResponse>>> = {
    'GET /.well-known/openid-configuration': async () => json(200, discovery(issuer)),
    'GET /jwks.json': async () => json(200, { keys: [(await key()).jwk] }),
    'GET /authorize': async (request) => authorizationPage(context, request),
    'POST /authorize': async (request) => agree(context, request),
    'POST /token': async (request) => tokenAnswer(context, request),
  }
  const serve = async (request: GatewayRequest): Promise<GatewayResponse> => {
    if (!isHere(request, issuer)) return json(421, { error: 'invalid_request' })
    const route = routes[`${request.method} ${request.path}`]
    return route ? route(request) : json(404, { error: 'not_found' })
  }
  const address = (url: string) => ({ gatewayId: '', stage: '', ...wholeUrl(url) })
  const server = await listen(options.port, address, serve, options.failed)
  issuer = server.url
  return server
}

/** A name that somebody else lets point here must not make a browser speak to it. */
const isHere = ({ headers }: GatewayRequest, issuer: string): boolean => {
  const { host, port } = new URL(issuer)
  const asked = headers.flatMap(([name, value]) => (name.toLowerCase() === 'host' ? [value] : []))
  return asked.length === 1 && (asked[0] === host || asked[0] === `localhost:${port}`)
}

const json = (status: number, body: object): GatewayResponse => ({
  status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify(body),
})

/** OpenID Connect Discovery 1.0 §3. */
const discovery = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks.json`,
  response_types_supported: ['code'],
  grant_types_supported: ['authorization_code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  scopes_supported: ['openid', 'email', 'profile'],
  token_endpoint_auth_methods_supported: ['none'],
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
})
