import { isUtf8 } from 'node:buffer'
import type { Cause } from '@countersign/core/events'
import { err, isUnavailable, ok, type Result } from '@countersign/core/shared'
import middy from '@middy/core'
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda'
import { causeOf, causesOf, header } from './http.ts'
import { routeOf, withRequestLine } from './request-line.ts'
import type { Services } from './services.ts'

/** RFC 6749 §5.2 and RFC 8693 §2.2.2, RFC 7009 §2.2.1; the last is for what is nobody's fault. */
export type OauthError =
  | 'invalid_request'
  | 'invalid_grant'
  | 'unsupported_grant_type'
  | 'unsupported_token_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'temporarily_unavailable'

export interface OauthRefusal {
  readonly error: OauthError
  /** The stable reason, finer than the error. */
  readonly code: string
  readonly detail: string
}

export type Form = ReadonlyMap<string, string>

export interface OauthRequest {
  readonly form: Form
  readonly cause: Cause
}

const STATUS: Partial<Record<OauthError, number>> = { temporarily_unavailable: 503 }
const LARGEST_FORM_BYTES = 32_768
const RETRY_SECONDS = 10

/**
 * An OAuth endpoint: a form in (RFC 6749 §3.2), JSON out, refusals as RFC 6749 §5.2 has them. Stricter than it on one
 * point: a parameter nobody knows is refused, because a misspelt `nonce` would silently not be checked.
 */
export const oauthHandler = (
  parameters: readonly string[],
  services: Pick<Services, 'clock' | 'log'>,
  handle: (request: OauthRequest) => Promise<Result<object, OauthRefusal>>,
) => {
  const respond = async (event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> => {
    const form = readForm(event, parameters)
    const answer = form.ok
      ? await handle({ form: form.value, cause: causeOf(event, services.clock()) })
      : form
    return answer.ok ? json(200, answer.value) : refused(answer.error)
  }
  const guarded = middy<APIGatewayProxyEvent, APIGatewayProxyResult>(respond).onError((request) => {
    const route = routeOf(request.event)
    services.log({ level: 'error', message: 'a route failed', route, error: causesOf(request.error) })
    request.response = isUnavailable(request.error) ? refused(UNAVAILABLE) : json(500, FAILED)
  })
  return withRequestLine(
    services,
    async (event) => (await guarded(event, {} as never)) as APIGatewayProxyResult,
  )
}

const UNAVAILABLE: OauthRefusal = {
  error: 'temporarily_unavailable',
  code: 'store_unavailable',
  detail: 'The store cannot be reached or written to; try again',
}

const FAILED = {
  error: 'server_error',
  error_description: 'Something went wrong on our side',
  code: 'internal_error',
}

const json = (statusCode: number, body: object): APIGatewayProxyResult => ({
  statusCode,
  headers: {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    pragma: 'no-cache',
    ...(statusCode === 503 && { 'retry-after': `${RETRY_SECONDS}` }),
  },
  body: JSON.stringify(body),
})

const refused = ({ error, code, detail }: OauthRefusal): APIGatewayProxyResult =>
  json(STATUS[error] ?? 400, { error, error_description: detail, code })

const malformed = (code: string, detail: string) => err({ error: 'invalid_request', code, detail } as const)

const readForm = (event: APIGatewayProxyEvent, parameters: readonly string[]): Result<Form, OauthRefusal> => {
  const type = header(event, 'content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(type))
    return malformed('media_type_unsupported', 'send application/x-www-form-urlencoded')
  if (Object.keys(event.queryStringParameters ?? {}).length > 0)
    return malformed('parameter_in_query', 'parameters belong in the body, never in the URL')
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8')
  if (bytes.length > LARGEST_FORM_BYTES)
    return malformed('body_too_large', `at most ${LARGEST_FORM_BYTES} bytes`)
  if (!isUtf8(bytes)) return malformed('body_malformed', 'it is not UTF-8')
  return formIn(bytes.toString(), parameters)
}

/** Names are said back only when they are ours: what was sent might be anything. */
const formIn = (text: string, parameters: readonly string[]): Result<Form, OauthRefusal> => {
  const form = new Map<string, string>()
  for (const pair of text === '' ? [] : text.split('&')) {
    const at = pair.indexOf('=')
    const [name, value] = [
      decoded(at < 0 ? pair : pair.slice(0, at)),
      decoded(at < 0 ? '' : pair.slice(at + 1)),
    ]
    if (name === undefined || value === undefined)
      return malformed('body_malformed', 'it is not percent-encoded UTF-8')
    if (!parameters.includes(name))
      return malformed('parameter_unknown', `the parameters are ${parameters.join(', ')}`)
    if (form.has(name)) return malformed('parameter_repeated', `"${name}" was given more than once`)
    form.set(name, value)
  }
  // "Parameters sent without a value MUST be treated as if they were omitted" (RFC 6749 §3.2).
  return ok(new Map([...form].filter(([, value]) => value !== '')))
}

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
