import { err, ok, Redacted, type Result } from '@countersign/core/shared'
import { type GatewayRequest, headersNamed } from './message.ts'
import type { SignatureRefusal } from './responses.ts'

/** A signature as a request carries it; nothing about it is believed yet. */
export interface PresentedSignature {
  readonly accessKeyId: string
  /** Date, region, service and terminator. */
  readonly scope: readonly string[]
  readonly signedHeaders: readonly string[]
  readonly signature: string
  /** `20261123T035041Z`, as it was signed. */
  readonly time: string
  readonly at: number
  /** Of a presigned query. */
  readonly expiresSeconds?: number
  readonly sessionToken?: Redacted<string>
}

type Presented = Result<PresentedSignature, SignatureRefusal>

const ALGORITHM = 'AWS4-HMAC-SHA256'
const LONGEST_PRESIGNED_SECONDS = 604_800

/** Reads the one signature of a request, from its `Authorization` header or its query. */
export const presentedSignature = (request: GatewayRequest): Presented => {
  const headers = headersNamed(request, 'authorization')
  const query = new URLSearchParams(request.query)
  const inQuery = query.has('X-Amz-Signature') || query.has('X-Amz-Algorithm')
  const [header] = headers
  if (header === undefined && !inQuery) return err(MISSING)
  if (header !== undefined && (inQuery || headers.length > 1))
    return incomplete('Only one signature is allowed, in the header or in the query.')
  return header === undefined ? fromQuery(query) : fromHeader(request, header)
}

export const MISSING = {
  type: 'MissingAuthenticationTokenException',
  message: 'Missing Authentication Token',
} as const satisfies SignatureRefusal

/** API Gateway repeats the header in these; a credential is never repeated here. */
const incomplete = (message: string) =>
  err<SignatureRefusal>({ type: 'IncompleteSignatureException', message })

const fromHeader = (request: GatewayRequest, header: string): Presented => {
  const [algorithm = '', rest = ''] = splitOnce(header.trim(), ' ')
  const parts = rest.split(',').map((part) => splitOnce(part.trim(), '='))
  const said = new Map(parts)
  if (algorithm !== ALGORITHM || said.size !== parts.length || said.size !== 3)
    return incomplete(
      `Authorization header requires '${ALGORITHM}' with one 'Credential', one 'SignedHeaders' and one 'Signature' parameter.`,
    )
  const time = timeIn(request)
  if (time === undefined)
    return incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
  const [sessionToken, ...others] = headersNamed(request, 'x-amz-security-token')
  if (others.length > 0) return incomplete('Only one security token is allowed.')
  return assembled(time, sessionToken, (name) => said.get(name))
}

const fromQuery = (query: URLSearchParams): Presented => {
  const names = [...query.keys()].filter((name) => name.startsWith('X-Amz-'))
  const expires = query.get('X-Amz-Expires') ?? ''
  const seconds = Number(expires)
  if (new Set(names).size !== names.length || query.get('X-Amz-Algorithm') !== ALGORITHM)
    return incomplete(`AWS query-string parameters must include '${ALGORITHM}' and each parameter once.`)
  if (!/^\d{1,6}$/.test(expires) || seconds < 1 || seconds > LONGEST_PRESIGNED_SECONDS)
    return incomplete(`X-Amz-Expires must be a number of seconds from 1 to ${LONGEST_PRESIGNED_SECONDS}.`)
  const signature = assembled(
    query.get('X-Amz-Date') ?? '',
    query.get('X-Amz-Security-Token') ?? undefined,
    (name) => query.get(`X-Amz-${name}`) ?? undefined,
  )
  return signature.ok ? ok({ ...signature.value, expiresSeconds: seconds }) : signature
}

const assembled = (
  time: string,
  sessionToken: string | undefined,
  parameter: (name: 'Credential' | 'SignedHeaders' | 'Signature') => string | undefined,
): Presented => {
  const [accessKeyId = '', ...scope] = (parameter('Credential') ?? '').split('/')
  const signedHeaders = (parameter('SignedHeaders') ?? '').split(';')
  const signature = parameter('Signature') ?? ''
  const at = instantOf(time)
  if (!/^\w{1,128}$/.test(accessKeyId) || scope.length !== 4)
    return incomplete('Credential must have exactly 5 slash-delimited elements.')
  if (!/^[0-9a-f]{64}$/.test(signature)) return incomplete('Signature must be 64 hexadecimal digits.')
  if (at === undefined) return incomplete("Date must be in ISO-8601 'basic format'.")
  if (!areSigned(signedHeaders)) return incomplete("'Host' must be a 'SignedHeader', and each header once.")
  return ok({
    ...{ accessKeyId, scope, signedHeaders, signature, time, at },
    ...(sessionToken !== undefined && { sessionToken: new Redacted(sessionToken) }),
  })
}

/** The host binds a signature to where it is presented. */
const areSigned = (names: readonly string[]): boolean =>
  names.includes('host') &&
  new Set(names).size === names.length &&
  names.every((name) => /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name))

const timeIn = (request: GatewayRequest): string | undefined => {
  const [time, ...others] = headersNamed(request, 'x-amz-date')
  if (time !== undefined) return others.length === 0 ? time : ''
  const [date] = headersNamed(request, 'date')
  if (date === undefined) return undefined
  const at = Date.parse(date)
  return Number.isNaN(at) ? date : new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '')
}

const instantOf = (time: string): number | undefined => {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(time)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second] = match
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(at) ? undefined : at
}

const splitOnce = (text: string, separator: string): readonly [string, string] => {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)]
}
