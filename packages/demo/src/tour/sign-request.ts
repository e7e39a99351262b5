import { createHash, createHmac } from 'node:crypto'
import type { LocalCredential } from '@countersign/local/gateway'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** The headers of a GET without a query that AWS's SDKs would send: Signature Version 4, service `execute-api`. */
export const signRequest = (
  url: string,
  region: string,
  { accessKeyId, secretAccessKey }: LocalCredential,
): Readonly<Record<string, string>> => {
  const { host, pathname } = new URL(url)
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const scope = [time.slice(0, 8), region, 'execute-api', 'aws4_request']
  const headers = ['GET', pathname, '', `host:${host}`, `x-amz-date:${time}`, '']
  const canonical = [...headers, 'host;x-amz-date', sha256('')].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(canonical)].join('\n')
  const key = scope.reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey.reveal()}`))
  const signed = `SignedHeaders=host;x-amz-date, Signature=${hmac(key, toSign).toString('hex')}`
  return {
    'x-amz-date': time,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope.join('/')}, ${signed}`,
  }
}
