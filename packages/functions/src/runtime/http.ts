import { isUtf8 } from 'node:buffer'
import type { Cause } from '@countersign/core/events'
import { digestOf, err, hasDuplicateMember, isUnavailable, ok, type Result } from '@countersign/core/shared'
import middy from '@middy/core'
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda'
import type * as z from 'zod'
import { actorOf } from './actor.ts'
import { PROBLEM_MEDIA_TYPE, type ProblemError, problemOf, type Refusal } from './problem.ts'
import { routeOf, withRequestLine } from './request-line.ts'
import type { Services } from './services.ts'

export interface HttpAnswer {
  readonly status: number
  readonly body: unknown
  /** The entity's version, sent as its `ETag`. */
  readonly version?: number
  /** `application/json` unless given. */
  readonly mediaType?: string
  /** For so many seconds anybody may keep it; nobody may unless given. */
  readonly maxAgeSeconds?: number
}

/** What every route is given, parsed. */
export interface HttpRequest<Body, Path, Query> {
  readonly body: Body
  readonly path: Path
  readonly query: Query
  readonly cause: Cause
  /** The version in `If-Match`, where there was one. */
  readonly ifMatch: number | undefined
  readonly idempotencyKey: string | undefined
  /** Digest of method, path and body: what an `Idempotency-Key` stands for. */
  readonly fingerprint: string
}

export interface HttpInput<Body, Path, Query> {
  readonly body?: z.ZodType<Body>
  readonly path?: z.ZodType<Path>
  readonly query?: z.ZodType<Query>
  /** 256 KiB unless said otherwise. */
  readonly largestBodyBytes?: number
}

const LARGEST_BODY_BYTES = 262_144

type HttpServices = Pick<Services, 'clock' | 'newId' | 'log'>
type Answered = Promise<Result<HttpAnswer, Refusal>>

/** A REST API proxy integration (payload 1.0): parses what came, answers with JSON or with a problem, never with a stack. */
export const httpHandler = <Body = undefined, Path = undefined, Query = undefined>(
  input: HttpInput<Body, Path, Query>,
  services: HttpServices,
  handle: (request: HttpRequest<Body, Path, Query>) => Answered,
) => {
  const respond = async (event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> => {
    const request = readRequest(event, input, services.clock())
    const answer = request.ok ? await handle(request.value) : request
    return answer.ok ? jsonResponse(answer.value) : problemResponse(answer.error, instanceOf(event))
  }
  const guarded = middy<APIGatewayProxyEvent, APIGatewayProxyResult>(respond).onError((request) => {
    services.log({
      level: 'error',
      message: 'a route failed',
      route: routeOf(request.event),
      error: causesOf(request.error),
    })
    const reason = isUnavailable(request.error) ? 'store_unavailable' : 'internal_error'
    request.response = problemResponse({ reason }, instanceOf(request.event))
  })
  return withRequestLine(
    services,
    async (event) => (await guarded(event, {} as never)) as APIGatewayProxyResult,
  )
}

const instanceOf = ({ requestContext }: APIGatewayProxyEvent): string =>
  `urn:countersign:request:${requestContext.requestId}`

/** Messages of an error and of what caused it; stacks and whole objects stay out of the log. */
export const causesOf = (error: unknown): readonly string[] => {
  if (!(error instanceof Error)) return [String(error)]
  return [`${error.name}: ${error.message}`, ...(error.cause === undefined ? [] : causesOf(error.cause))]
}

const jsonResponse = ({
  status,
  body,
  version,
  mediaType = 'application/json',
  maxAgeSeconds,
}: HttpAnswer): APIGatewayProxyResult => ({
  statusCode: status,
  headers: {
    'content-type': mediaType,
    'cache-control': maxAgeSeconds === undefined ? 'no-store' : `public, max-age=${maxAgeSeconds}`,
    ...(version !== undefined && { etag: `"${version}"` }),
  },
  body: JSON.stringify(body),
})

/** What is not there now may be a moment later (RFC 9110 §10.2.3). */
const RETRY_AFTER_SECONDS = 5

export const problemResponse = (refusal: Refusal, instance: string): APIGatewayProxyResult => {
  const problem = problemOf(refusal, instance)
  return {
    statusCode: problem.status,
    headers: {
      'content-type': PROBLEM_MEDIA_TYPE,
      'cache-control': 'no-store',
      ...(problem.status === 503 && { 'retry-after': String(RETRY_AFTER_SECONDS) }),
    },
    body: JSON.stringify(problem),
  }
}

const readRequest = <Body, Path, Query>(
  event: APIGatewayProxyEvent,
  input: HttpInput<Body, Path, Query>,
  now: Date,
): Result<HttpRequest<Body, Path, Query>, Refusal> => {
  const body = readBody(event, input.body !== undefined, input.largestBodyBytes ?? LARGEST_BODY_BYTES)
  if (!body.ok) return body
  const headers = readHeaders(event)
  if (!headers.ok) return headers
  const parts = [
    parsePart('', input.body, body.value),
    parsePart('/path', input.path, decodedParameters(event)),
    queryIsPlain(event),
    parsePart('/query', input.query, event.queryStringParameters ?? {}),
  ] as const
  const errors = parts.flatMap((part) => (part.ok ? [] : part.error))
  if (errors.length > 0) return err({ reason: 'invalid_request', errors, detail: inWords(errors) })
  const [parsedBody, path, , query] = parts.map((part) => (part.ok ? part.value : undefined))
  return ok({
    body: parsedBody as Body,
    path: path as Path,
    query: query as Query,
    cause: causeOf(event, now),
    ...headers.value,
    fingerprint: digestOf([event.httpMethod, event.path, body.value ?? null]),
  })
}

/** A parameter given twice: API Gateway would hand over the last one and say nothing. */
const queryIsPlain = (event: APIGatewayProxyEvent): Result<undefined, readonly ProblemError[]> => {
  const repeated = Object.entries(event.multiValueQueryStringParameters ?? {}).flatMap(
    ([name, values = []]) =>
      values.length > 1
        ? [{ pointer: `/query/${name}`, code: 'repeated', detail: 'it was given more than once' }]
        : [],
  )
  return repeated.length > 0 ? err(repeated) : ok(undefined)
}

const inWords = (errors: readonly ProblemError[]): string =>
  errors.map(({ pointer, detail }) => `${pointer || 'the body'}: ${detail}`).join('; ')

/** REST APIs hand path parameters over as they were sent. */
const decodedParameters = ({ pathParameters }: APIGatewayProxyEvent): Record<string, string> =>
  Object.fromEntries(
    Object.entries(pathParameters ?? {}).map(([name, value = '']) => {
      try {
        return [name, decodeURIComponent(value)]
      } catch {
        return [name, value]
      }
    }),
  )

export const causeOf = ({ requestContext }: APIGatewayProxyEvent, now: Date): Cause => ({
  actor: actorOf(requestContext),
  correlationId: requestContext.requestId,
  now,
})

export const header = ({ headers }: APIGatewayProxyEvent, name: string): string | undefined =>
  Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1]

const readHeaders = (
  event: APIGatewayProxyEvent,
): Result<Pick<HttpRequest<never, never, never>, 'ifMatch' | 'idempotencyKey'>, Refusal> => {
  const idempotencyKey = header(event, 'idempotency-key')
  if (idempotencyKey !== undefined && !/^[\x21-\x7e]{1,255}$/.test(idempotencyKey))
    return err({ reason: 'idempotency_key_malformed', detail: 'use 1 to 255 visible ASCII characters' })
  const ifMatch = header(event, 'if-match')
  const version = ifMatch === undefined ? undefined : /^"(\d{1,15})"$/.exec(ifMatch)?.[1]
  if (ifMatch !== undefined && version === undefined) return err({ reason: 'if_match_malformed' })
  return ok({ idempotencyKey, ifMatch: version === undefined ? undefined : Number(version) })
}

const readBody = (
  event: APIGatewayProxyEvent,
  wanted: boolean,
  largest: number,
): Result<unknown, Refusal> => {
  const read = textOf(event)
  if (!read.ok) return read
  const text = read.value
  if (text && Buffer.byteLength(text) > largest)
    return err({ reason: 'body_too_large', detail: `at most ${largest} bytes` })
  if (!wanted) return text ? emptyBody(text) : ok(undefined)
  const type = header(event, 'content-type')
  if (type !== undefined && !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type))
    return err({ reason: 'media_type_unsupported' })
  return parseJson(text || '{}')
}

/** JSON is UTF-8 (RFC 8259 §8.1); bytes that are none would turn into other text without a word. */
const textOf = ({ body, isBase64Encoded }: APIGatewayProxyEvent): Result<string | null, Refusal> => {
  if (!isBase64Encoded || !body) return ok(body)
  const bytes = Buffer.from(body, 'base64')
  return isUtf8(bytes) ? ok(bytes.toString()) : err({ reason: 'body_malformed', detail: 'it is not UTF-8' })
}

/** A route without a body takes none, or an empty object. */
const emptyBody = (text: string): Result<unknown, Refusal> => {
  const parsed = parseJson(text)
  if (!parsed.ok) return parsed
  const members = typeof parsed.value === 'object' && parsed.value !== null ? Object.keys(parsed.value) : ['']
  if (members.length === 0) return ok(undefined)
  return err({ reason: 'invalid_request', detail: 'this route takes no body' })
}

/** What follows walks bodies from member to member; no documented body comes near this. */
const DEEPEST_BODY = 500

const nestsTooDeep = (body: unknown): boolean => {
  const pending: [value: unknown, depth: number][] = [[body, 0]]
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [value, depth] = next
    if (typeof value !== 'object' || value === null) continue
    if (depth > DEEPEST_BODY) return true
    for (const member of Object.values(value)) pending.push([member, depth + 1])
  }
  return false
}

const parseJson = (text: string): Result<unknown, Refusal> => {
  try {
    const body: unknown = JSON.parse(text)
    // Which of two members of one name counts is for nobody to guess (RFC 8259 §4).
    if (hasDuplicateMember(text)) return err({ reason: 'body_malformed', detail: 'it names a member twice' })
    if (!nestsTooDeep(body)) return ok(body)
    return err({ reason: 'body_malformed', detail: `it nests deeper than ${DEEPEST_BODY} levels` })
  } catch {
    return err({ reason: 'body_malformed' })
  }
}

const parsePart = <T>(
  at: string,
  schema: z.ZodType<T> | undefined,
  value: unknown,
): Result<T | undefined, readonly ProblemError[]> => {
  if (!schema) return ok(undefined)
  const parsed = schema.safeParse(value)
  return parsed.success ? ok(parsed.data) : err(parsed.error.issues.flatMap((issue) => errorsOf(at, issue)))
}

/** What zod found, with JSON pointers below `at`. */
export const errorsOf = (at: string, issue: z.core.$ZodIssue): readonly ProblemError[] => {
  const pointer = `${at}${issue.path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')}`
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      pointer: `${pointer}/${key}`,
      code: 'unknown_member',
      detail: `"${key}" is not a member`,
    }))
  return [{ pointer, code: issue.code, detail: issue.message }]
}
