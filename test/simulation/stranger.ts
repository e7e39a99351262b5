import { createHash, createHmac } from 'node:crypto'

/** Who signs with a key of his own, under a name that no ring has. */
const STRANGER = {
  kid: 'key_5',
  secret: createHash('sha512').update('made by a stranger').digest('base64url'),
} as const

const text = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** HS512 over any header and payload. */
export const signed = (header: object, payload: object, secret: string): string => {
  const input = `${text(header)}.${text(payload)}`
  const signature = createHmac('sha512', Buffer.from(secret, 'base64url')).update(input).digest('base64url')
  return `${input}.${signature}`
}

/** Another payload under the same signature; a kid that nobody has; a key that is the stranger's own. */
export const forgery = (presented: string, how: number): string => {
  const [header = '', payload = '', signature = ''] = presented.split('.')
  const json = (part: string) =>
    JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
  if (how % 3 === 0)
    return `${header}.${text({ ...json(payload), exp: Number(json(payload).exp) + 1 })}.${signature}`
  if (how % 3 === 1) return `${text({ ...json(header), kid: 'key_00' })}.${payload}.${signature}`
  return signed({ ...json(header), alg: 'HS512', kid: STRANGER.kid }, json(payload), STRANGER.secret)
}
