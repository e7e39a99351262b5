/** A request as it came over the wire. */
export interface GatewayRequest {
  readonly id: string
  readonly method: string
  readonly gatewayId: string
  readonly stage: string
  /** Starts with `/`; not decoded; without stage, base path and query. */
  readonly path: string
  /** The whole path of the request line: what a client signs. */
  readonly wirePath: string
  /** The custom domain it came through; its base path is no part of `path`. */
  readonly domain?: string
  /** Without `?`; empty when there is none. */
  readonly query: string
  /** In the order and the case they came. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

export interface GatewayResponse {
  readonly status: number
  /** A list for a header that comes more than once. */
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: string | Buffer | Streamed
}

/** A body that goes on for a while; `close` when nobody reads it any more, or nothing is left of it. */
export interface Streamed {
  readonly chunks: AsyncIterable<string>
  readonly close: () => void
}

/** What the authorizer told the backend; strings only. */
export type AuthorizerContext = Readonly<Record<string, string>>

export const headersNamed = ({ headers }: GatewayRequest, name: string): readonly string[] =>
  headers.filter(([header]) => header.toLowerCase() === name).map(([, value]) => value)

/** Header values by name; of a repeated header the last one, as REST APIs have it. */
export const singleHeaders = ({ headers }: GatewayRequest): Record<string, string> =>
  Object.fromEntries(headers)

export const multiHeaders = ({ headers }: GatewayRequest): Record<string, string[]> => {
  const all = new Map<string, string[]>() // a header may be called `constructor`
  for (const [name, value] of headers) {
    const values = all.get(name)
    if (values) values.push(value)
    else all.set(name, [value])
  }
  return Object.fromEntries(all)
}

/** Names in small letters, repeated values joined with commas, cookies left out: as HTTP APIs have it. */
export const joinedHeaders = ({ headers }: GatewayRequest): Record<string, string> => {
  const all = new Map<string, string>()
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    const before = all.get(lower)
    if (lower !== 'cookie') all.set(lower, before === undefined ? value : `${before},${value}`)
  }
  return Object.fromEntries(all)
}

export const cookiesOf = (request: GatewayRequest): readonly string[] =>
  headersNamed(request, 'cookie').flatMap((value) => value.split(';').map((cookie) => cookie.trim()))
