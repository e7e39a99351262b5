import { type Credentials, signed } from './sigv4.ts'

/** What a call without the SDK needs to know of the world. */
export interface FetchOptions {
  readonly region: string
  /** Another address than AWS's own, such as an emulator's; `AWS_ENDPOINT_URL`. */
  readonly endpoint?: string | undefined
  /** Asked for every attempt: temporary credentials change while a container lives. */
  readonly credentials: () => Credentials
  readonly clock?: () => Date
  readonly fetch?: (url: URL, init: FetchInit) => Promise<FetchAnswer>
}

export interface FetchInit {
  readonly method: 'POST'
  readonly headers: Record<string, string>
  readonly body: string
  readonly signal: AbortSignal
}

/** The part of a `Response` that is used. */
export interface FetchAnswer {
  readonly status: number
  text(): Promise<string>
}

/** Limits of one call: of the whole of it, and of its first attempt, so that time for a second one is left. */
export interface Limits {
  readonly totalMilliseconds: number
  readonly firstMilliseconds: number
}

export interface Operation {
  readonly service: 'dynamodb' | 'secretsmanager'
  /** `x-amz-target`. */
  readonly target: string
  /** Of `application/x-amz-json-…`. */
  readonly jsonVersion: '1.0' | '1.1'
}

/** A refusal of the service's: its code and words, never the request's. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError'
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(`${status} ${code}${message ? `: ${message}` : ''}`)
    this.status = status
    this.code = code
  }
}

/** An answer that asks to be asked again. */
export class NotYet extends Error {
  override readonly name = 'NotYet'
}

/**
 * Asks once, and once more after a 5xx, a throttle, a time-out, a broken connection or `NotYet`; both within one time
 * limit. `read` makes sense of the answer.
 */
export const askTwice = async <T>(
  options: FetchOptions,
  operation: Operation,
  input: object,
  limits: Limits,
  read: (answer: unknown) => T,
): Promise<T> => {
  const whole = AbortSignal.timeout(limits.totalMilliseconds)
  const ask = async (signal: AbortSignal) => read(await post(options, operation, input, signal))
  try {
    const first = AbortSignal.any([whole, AbortSignal.timeout(limits.firstMilliseconds)])
    return await ask(first).catch((error: unknown) => {
      if (whole.aborted || !mayPass(error)) throw error
      return ask(whole)
    })
  } catch (cause) {
    throw new Error(`${operation.target} failed`, { cause })
  }
}

const THROTTLES = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
])

/** What did not come from the service at all (`fetch` throws `TypeError`, a limit `TimeoutError`) may pass as well. */
const mayPass = (error: unknown): boolean => {
  if (error instanceof ServiceError) return error.status >= 500 || THROTTLES.has(error.code)
  if (error instanceof NotYet || error instanceof TypeError) return true
  return error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')
}

const post = async (
  options: FetchOptions,
  operation: Operation,
  input: object,
  signal: AbortSignal,
): Promise<unknown> => {
  const { region, credentials, clock = () => new Date(), fetch: send = fetch } = options
  const { service, target, jsonVersion } = operation
  const url = new URL(options.endpoint ?? addressOf(service, region))
  const body = JSON.stringify(input)
  const plain = { 'content-type': `application/x-amz-json-${jsonVersion}`, 'x-amz-target': target }
  const request = { method: 'POST', url, headers: plain, body } as const
  const { host: _, ...headers } = signed(request, credentials(), { region, service }, clock())
  const answer = await send(url, { method: 'POST', headers, body, signal })
  const text = await answer.text()
  if (answer.status !== 200) throw refusal(answer.status, text)
  return parsed(text)
}

const addressOf = (service: string, region: string): string =>
  `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`

/** `__type` is `com.amazonaws.dynamodb.v20120810#ThrottlingException`, or the name alone. */
const refusal = (status: number, text: string): ServiceError => {
  const { __type: type, message, Message } = (parsedOrNothing(text) ?? {}) as Record<string, unknown>
  const code = typeof type === 'string' ? type.slice(type.indexOf('#') + 1) : 'no code'
  const words = message ?? Message
  return new ServiceError(status, code, typeof words === 'string' ? words : '')
}

/** Throws without the parser's own words: they quote the text, which may hold a key. */
const parsed = (text: string): unknown => {
  const value = parsedOrNothing(text)
  if (value === undefined) throw new NotYet('the answer is not JSON')
  return value
}

const parsedOrNothing = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
