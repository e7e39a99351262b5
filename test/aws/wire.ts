import { signed } from '@countersign/aws/sigv4'
import { Redacted } from '@countersign/core/shared'

/** Which AWS is spoken to, and as which account: with the emulator, an access key of 12 digits is the account. */
export interface WireOptions {
  readonly endpoint: string
  readonly region: string
  readonly account: string
}

type Json = { readonly [member: string]: unknown }

/** The services' own wire protocols, without the SDK: what is said here is what travels. */
export interface Wire extends WireOptions {
  /** JSON 1.0 and 1.1: DynamoDB, EventBridge, SQS, Secrets Manager, CloudWatch Logs. */
  target(service: TargetService, operation: string, input: object): Promise<Json>
  /** REST with JSON: Lambda, API Gateway, EventBridge Scheduler. */
  rest(service: RestService, request: `${string} /${string}`, input?: object): Promise<Json>
  /** The query protocol, answered with XML: IAM, SNS, CloudWatch. */
  query(service: QueryService, action: string, input: Readonly<Record<string, string>>): Promise<string>
  /** S3's. */
  put(path: string, body: Uint8Array<ArrayBuffer>): Promise<void>
}

const TARGETS = {
  dynamodb: ['DynamoDB_20120810', '1.0'],
  events: ['AWSEvents', '1.1'],
  logs: ['Logs_20140328', '1.1'],
  secretsmanager: ['secretsmanager', '1.1'],
  sqs: ['AmazonSQS', '1.0'],
} as const
type TargetService = keyof typeof TARGETS

type RestService = 'apigateway' | 'lambda' | 'scheduler'

const VERSIONS = { iam: '2010-05-08', monitoring: '2010-08-01', sns: '2010-03-31' } as const
type QueryService = keyof typeof VERSIONS

/** A refusal of a service's. */
export class WireRefusal extends Error {
  override readonly name = 'WireRefusal'
  readonly status: number
  readonly body: string

  constructor(what: string, status: number, body: string) {
    super(`${what}: ${status} ${body.slice(0, 600)}`)
    this.status = status
    this.body = body
  }
}

/** Nothing was said to it, or that the service is not well: the same may be answered in a moment. */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof WireRefusal
    ? error.status >= 500
    : error instanceof Error && (error.name === 'TimeoutError' || error.message === 'fetch failed')

interface Sent {
  readonly service: string
  readonly what: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array<ArrayBuffer>
}

const ATTEMPT_MILLISECONDS = 30_000

const send = async ({ endpoint, region, account }: WireOptions, sent: Sent): Promise<string> => {
  const { service, what, method, path, body } = sent
  const url = new URL(path, endpoint)
  const credentials = { accessKeyId: account, secretAccessKey: new Redacted('test') }
  const signable = {
    method,
    url,
    headers: sent.headers,
    // The emulator looks at the signature of large bodies as little as S3 does over TLS.
    body: typeof body === 'string' ? body : '',
  }
  const { host: _, ...headers } = signed(signable, credentials, { region, service }, new Date())
  const signal = AbortSignal.timeout(ATTEMPT_MILLISECONDS)
  const response = await connected(() =>
    fetch(url, { method, headers, signal, ...(method !== 'GET' && { body }) }),
  )
  const text = await response.text()
  if (!response.ok) throw new WireRefusal(what, response.status, text)
  return text
}

const MOST_CONNECTIONS = 3

const CUT_OFF = ['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_SOCKET', 'ECONNRESET', 'ECONNREFUSED']

/**
 * On a busy machine a connection may take longer than is waited for, and one that was idle may be closed just when it is
 * used again. What was made all the same is refused, aloud, when it is asked for a second time.
 */
const connected = async (request: () => Promise<Response>, left = MOST_CONNECTIONS): Promise<Response> => {
  try {
    return await request()
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { readonly code?: string }
    if (!CUT_OFF.includes(code ?? '') || left <= 1) throw error
    return connected(request, left - 1)
  }
}

const parsed = (text: string): Json => (text === '' ? {} : (JSON.parse(text) as Json))

export const createWire = (options: WireOptions): Wire => ({
  ...options,
  target: async (service, operation, input) => {
    const [prefix, version] = TARGETS[service]
    const headers = {
      'content-type': `application/x-amz-json-${version}`,
      'x-amz-target': `${prefix}.${operation}`,
    }
    const body = JSON.stringify(input)
    return parsed(await send(options, { service, what: operation, method: 'POST', path: '/', headers, body }))
  },
  rest: async (service, what, input = {}) => {
    const [method = '', path = ''] = what.split(' ')
    const headers = { 'content-type': 'application/json' }
    return parsed(await send(options, { service, what, method, path, headers, body: JSON.stringify(input) }))
  },
  query: (service, Action, input) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = new URLSearchParams({ Action, Version: VERSIONS[service], ...input }).toString()
    return send(options, { service, what: Action, method: 'POST', path: '/', headers, body })
  },
  put: async (path, body) => {
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
    await send(options, { service: 's3', what: `PUT ${path}`, method: 'PUT', path, headers, body })
  },
})

/** The text of the first element of this name. */
export const element = (xml: string, name: string): string => {
  const [, text] = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml) ?? []
  if (text === undefined) throw new Error(`the answer has no <${name}>`)
  return text
}
