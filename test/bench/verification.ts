import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import { Redacted } from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import { jwtVerify } from 'jose'
import { atLeast, atMost, type Bench } from './figure.ts'
import { interleaved, median } from './measure.ts'
import { subjectOf } from './subject.ts'

/** Our strict verifier against the least that can be done with the same token, and against jose. */
export const verification: Bench = async () => {
  const { token, secret, ring } = subjectOf(1, 1)
  const verify = SigningKey.createVerifier(ring)
  const presented = new Redacted(token)
  const key = createSecretKey(secret)
  const works = {
    ours: () => verify(presented),
    bare: () => bare(token, key),
    jose: () => jwtVerify(token, key),
  }
  if (!works.ours().ok || !works.bare()) throw new Error('the token does not verify')
  const measured = await interleaved(works, { rounds: 1_500, batch: 20 })
  const [ours, least, jose] = [measured.ours, measured.bare, measured.jose].map(median) as [
    number,
    number,
    number,
  ]
  return [
    {
      name: 'verify an HS512 token',
      value: ours,
      unit: 'µs',
      against: `bare ${least.toFixed(1)} µs, jose ${jose.toFixed(1)} µs`,
    },
    {
      name: 'verify: ours / bare node:crypto HMAC + JSON.parse',
      value: ours / least,
      unit: 'x',
      against: 'the same token, by turns',
      limit: atMost(1.3),
      ratio: ours / least,
    },
    {
      name: 'verify: jose / ours',
      value: jose / ours,
      unit: 'x',
      against: 'jwtVerify with the same KeyObject',
      limit: atLeast(5),
      ratio: ours / jose,
    },
  ]
}

/** HMAC, constant-time comparison and `JSON.parse` of the payload: not even the header is read, nothing is strict. */
const bare = (token: string, key: ReturnType<typeof createSecretKey>): unknown => {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const digest = createHmac('sha512', key).update(`${header}.${payload}`).digest()
  if (!timingSafeEqual(digest, Buffer.from(signature, 'base64url'))) return undefined
  return JSON.parse(Buffer.from(payload, 'base64url').toString())
}
