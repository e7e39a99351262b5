import { createHash, createHmac } from 'node:crypto'
import type { Redacted } from '@countersign/core/shared'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: Redacted<string>
  /** Of temporary credentials, as every Lambda function has. */
  readonly sessionToken?: Redacted<string>
}

/** Where a signature holds: `us-east-1`, `dynamodb`. */
export interface Scope {
  readonly region: string
  readonly service: string
}

export interface SignableRequest {
  readonly method: string
  /** Without a query: none of the services asked here takes one. */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const ALGORITHM = 'AWS4-HMAC-SHA256'

/**
 * The headers of a request with AWS Signature Version 4 among them (IAM user guide, "Create a signed AWS API request");
 * every header given is signed. Names come out in lower case.
 */
export const signed = (
  request: SignableRequest,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  { region, service }: Scope,
  now: Date,
): Record<string, string> => {
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, '')
  const headers = normalised({
    ...request.headers,
    host: request.url.host,
    'x-amz-date': time,
    ...(sessionToken && { 'x-amz-security-token': sessionToken.reveal() }),
  })
  const names = Object.keys(headers).join(';')
  const scope = [time.slice(0, 8), region, service, 'aws4_request']
  const stringToSign = [ALGORITHM, time, scope.join('/'), sha256(canonical(request, headers, names))].join(
    '\n',
  )
  const signature = hmac(signingKey(secretAccessKey, scope), stringToSign).toString('hex')
  const credential = `${accessKeyId}/${scope.join('/')}`
  return {
    ...headers,
    authorization: `${ALGORITHM} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
  }
}

/** Lower case names in order, values without surplus spaces. */
const normalised = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, ' ')] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )

const canonical = (
  { method, url, body }: SignableRequest,
  headers: Readonly<Record<string, string>>,
  names: string,
): string =>
  [
    method,
    url.pathname,
    '',
    ...Object.entries(headers).map(([name, value]) => `${name}:${value}`),
    '',
    names,
    sha256(body),
  ].join('\n')

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

const signingKey = (secret: Redacted<string>, scope: readonly string[]): Buffer =>
  scope.reduce<Buffer>(hmac, Buffer.from(`AWS4${secret.reveal()}`))
