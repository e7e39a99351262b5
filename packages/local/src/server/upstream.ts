import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { wholeUrl } from '../gateway/address.ts'
import type { Integration } from '../gateway/gateway.ts'
import type { AuthorizerContext, GatewayRequest, GatewayResponse } from '../gateway/message.ts'
import { gatewayResponses } from '../gateway/responses.ts'
import { type Listening, listen } from './http-server.ts'

/** What the authorizer told, on its way to the backend: one header for each member of the context. */
const CONTEXT_HEADER = 'x-countersign-'

/** Hop-by-hop headers (RFC 9110 §7.6.1), and the credential: a backend trusts the context and never reads the token. */
const NOT_PASSED_ON = new Set([
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'content-length',
  'authorization',
  'x-amz-security-token',
  'x-api-key',
])

/** An HTTP proxy integration: the request goes to the upstream, with the context in headers nobody else can set. */
export const proxyTo = (upstream: string): Integration => {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  return (request, context) =>
    new Promise<GatewayResponse>((resolve) => {
      const url = `${upstream}${request.path}${request.query === '' ? '' : `?${request.query}`}`
      const outgoing = httpRequest(
        url,
        { method: request.method, agent, headers: passedOn(request, context), timeout: 29_000 },
        (incoming) => {
          const chunks: Buffer[] = []
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
          incoming.on('error', () => resolve(gatewayResponses.badGateway())) // it broke off
          incoming.on('end', () =>
            resolve({
              status: incoming.statusCode ?? 502,
              headers: passedBack(incoming.headers),
              body: Buffer.concat(chunks),
            }),
          )
        },
      )
      outgoing.on('timeout', () => outgoing.destroy())
      outgoing.on('error', () => resolve(gatewayResponses.badGateway()))
      outgoing.end(request.body)
    })
}

/** An API that is called in place: the web's own request and response. */
export type UpstreamHandler = (request: Request) => Response | Promise<Response>

/** The same as `proxyTo`, without a network. */
export const handledBy =
  (handler: UpstreamHandler): Integration =>
  async (request, context) => {
    const url = `http://upstream${request.path}${request.query === '' ? '' : `?${request.query}`}`
    const hasBody = !['GET', 'HEAD'].includes(request.method) && request.body.length > 0
    const response = await handler(
      new Request(url, {
        method: request.method,
        headers: passedOn(request, context),
        ...(hasBody && { body: new Uint8Array(request.body) }),
      }),
    )
    const cookies = response.headers.getSetCookie()
    return {
      status: response.status,
      headers: passedBack({
        ...Object.fromEntries(response.headers),
        ...(cookies.length > 0 && { 'set-cookie': cookies }),
      }),
      body: Buffer.from(await response.arrayBuffer()),
    }
  }

const passedBack = (headers: IncomingHttpHeaders): GatewayResponse['headers'] => {
  const answered: Record<string, string | string[]> = { 'content-type': 'application/octet-stream' }
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !NOT_PASSED_ON.has(name)) answered[name] = value
  }
  return answered
}

const passedOn = ({ headers, body }: GatewayRequest, context: AuthorizerContext): Record<string, string> => {
  const own = headers.filter(([name]) => {
    const lower = name.toLowerCase()
    return !NOT_PASSED_ON.has(lower) && !lower.replaceAll('_', '-').startsWith(CONTEXT_HEADER)
  })
  const told = Object.entries(context).map(([name, value]) => [
    `${CONTEXT_HEADER}${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    encodeURIComponent(value),
  ])
  return Object.fromEntries([...own, ...told, ['content-length', String(body.length)]])
}

/** A small backend that answers with what reached it. */
export const startExampleUpstream = (failed: (error: unknown) => void): Promise<Listening> =>
  listen(
    0,
    (url) => ({ gatewayId: '', stage: '', ...wholeUrl(url) }),
    async (request) => answer(request),
    failed,
  )

const answer = ({ method, path, headers }: GatewayRequest): GatewayResponse => {
  const told = headers.filter(([name]) => name.startsWith(CONTEXT_HEADER))
  const caller = Object.fromEntries(
    told.map(([name, value]) => [name.slice(CONTEXT_HEADER.length), decodeURIComponent(value)]),
  )
  const body = `${JSON.stringify({ message: 'The example upstream says hello.', method, path, caller })}\n`
  return { status: 200, headers: { 'content-type': 'application/json' }, body }
}
