import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { err, ok, type Redacted, type Result } from '@countersign/core/shared'
import { type GatewayRequest, headersNamed } from './message.ts'
import { type PresentedSignature, presentedSignature } from './presented-signature.ts'
import type { SignatureRefusal } from './responses.ts'

/** What the emulation knows of somebody who signs requests. */
export interface SigningCredential {
  readonly accessKeyId: string
  readonly secretAccessKey: Redacted<string>
  /** Of temporary credentials. */
  readonly sessionToken?: Redacted<string>
}

const SERVICE = 'execute-api'
const SKEW_MILLISECONDS = 300_000

/**
 * Verifies AWS Signature Version 4 (IAM user guide, "AWS Signature Version 4 for API requests") in the header or in the
 * query, against the credential that its access key names, for one region of `execute-api`.
 */
export const verifySignature = <C extends SigningCredential>(
  request: GatewayRequest,
  region: string,
  credentialOf: (accessKeyId: string) => C | undefined,
  now: Date,
): Result<C, SignatureRefusal> => {
  const presented = presentedSignature(request)
  if (!presented.ok) return presented
  const signature = presented.value
  const misplaced = scopeRefusal(signature, region)
  if (misplaced) return err(invalid(misplaced))
  const credential = credentialOf(signature.accessKeyId)
  if (!credential || !sameSession(signature, credential)) return err(UNRECOGNIZED)
  const untimely = timeRefusal(signature, now)
  if (untimely) return err(invalid(untimely))
  const expected = signatureOf(request, signature, credential)
  return equalSecrets(signature.signature, expected) ? ok(credential) : err(invalid(MISMATCH))
}

const invalid = (message: string): SignatureRefusal => ({ type: 'InvalidSignatureException', message })

const UNRECOGNIZED = {
  type: 'UnrecognizedClientException',
  message: 'The security token included in the request is invalid.',
} as const satisfies SignatureRefusal

const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'

const scopeRefusal = ({ scope, time }: PresentedSignature, region: string): string | undefined => {
  const [date, inRegion, service, terminator] = scope
  if (inRegion !== region) return `Credential should be scoped to a valid region, not '${inRegion}'. `
  if (service !== SERVICE) return `Credential should be scoped to correct service: '${SERVICE}'. `
  if (terminator !== 'aws4_request')
    return `Credential should be scoped with a valid terminator: 'aws4_request', not '${terminator}'. `
  if (date !== time.slice(0, 8))
    return `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${date}' != '${time.slice(0, 8)}', from '${time}'.`
  return undefined
}

/** Temporary credentials are nothing without their session token, lasting ones have none. */
const sameSession = ({ sessionToken }: PresentedSignature, credential: SigningCredential): boolean => {
  const expected = credential.sessionToken
  if (!expected || !sessionToken) return !expected && !sessionToken
  return equalSecrets(sessionToken.reveal(), expected.reveal())
}

const timeRefusal = ({ time, at, expiresSeconds }: PresentedSignature, now: Date): string | undefined => {
  const [early, late] = [now.getTime() + SKEW_MILLISECONDS, now.getTime() - SKEW_MILLISECONDS]
  if (at > early)
    return `Signature not yet current: ${time} is still later than ${basic(early)} (${basic(now.getTime())} + 5 min.)`
  if (expiresSeconds !== undefined)
    return at + expiresSeconds * 1_000 < now.getTime()
      ? `Signature expired: ${basic(at + expiresSeconds * 1_000)} is now earlier than ${basic(now.getTime())}`
      : undefined
  return at < late
    ? `Signature expired: ${time} is now earlier than ${basic(late)} (${basic(now.getTime())} - 5 min.)`
    : undefined
}

/** `20261123T035041Z`. */
const basic = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace(/[-:]|\.\d{3}/g, '')

const signatureOf = (
  request: GatewayRequest,
  { scope, time, signedHeaders }: PresentedSignature,
  { secretAccessKey }: SigningCredential,
): string => {
  const canonical = canonicalRequest(request, signedHeaders)
  const stringToSign = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(canonical)].join('\n')
  const key = scope.reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey.reveal()}`))
  return hmac(key, stringToSign).toString('hex')
}

const canonicalRequest = (request: GatewayRequest, signedHeaders: readonly string[]): string =>
  [
    request.method,
    canonicalPath(request.wirePath),
    canonicalQuery(request.query),
    ...signedHeaders.map((name) => `${name}:${headersNamed(request, name).map(tidied).join(',')}`),
    '',
    signedHeaders.join(';'),
    sha256(request.body),
  ].join('\n')

const tidied = (value: string): string => value.trim().replaceAll(/ +/g, ' ')

/** Every service but S3: dot segments and empty ones are resolved, and what was encoded is encoded once more. */
const canonicalPath = (path: string): string => {
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  const end = kept.length > 0 && path.endsWith('/') ? '/' : ''
  return `/${kept.map(encoded).join('/')}${end}`
}

const canonicalQuery = (query: string): string =>
  query
    .split('&')
    .filter((pair) => pair !== '' && !pair.startsWith('X-Amz-Signature='))
    .map((pair) => {
      const at = pair.includes('=') ? pair.indexOf('=') : pair.length
      return [encoded(decoded(pair.slice(0, at))), encoded(decoded(pair.slice(at + 1)))] as const
    })
    .toSorted(([a, x], [b, y]) => compared(a, b) || compared(x, y))
    .map((pair) => pair.join('='))
    .join('&')

/** By code point, as the specification sorts. */
const compared = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

/** RFC 3986 §2.3: only unreserved characters stay as they are. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex')
const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** In constant time, whatever the lengths: digests are compared. */
const equalSecrets = (presented: string, expected: string): boolean =>
  timingSafeEqual(digest(presented), digest(expected))

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
