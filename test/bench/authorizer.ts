import {
  createHmac,
  createPublicKey,
  createSecretKey,
  type JsonWebKey,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import { type Algorithm, Redacted } from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import * as Signing from '@countersign/core/signing-key/signing'
import { JwtVerifier } from 'aws-jwt-verify'
import type { JwkWithKid } from 'aws-jwt-verify/jwk'
import { createVerifier } from 'fast-jwt'
import { jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import type { Bench, Figure } from './figure.ts'
import { grants } from './grants.ts'
import { interleaved, median, type Work } from './measure.ts'

const CLAIMS = {
  iss: 'https://countersign.example',
  sub: 'con_1',
  aud: ['api_1'],
  jti: 'tok_1',
  iat: 1_700_000_000,
  exp: 4_000_000_000,
}

/**
 * One token verified by ours, by `node:crypto` alone and by the libraries that know its algorithm, by turns, for each
 * algorithm; then whole decisions of tokens that open more and more.
 */
export const authorizer: Bench = async () => {
  const figures: Figure[] = []
  for (const algorithm of ['HS512', 'ES256', 'EdDSA'] as const) figures.push(...(await verifying(algorithm)))
  return [...figures, ...(await grants())]
}

const verifying = async (algorithm: Exclude<Algorithm, 'ML-DSA-44'>): Promise<readonly Figure[]> => {
  const material = await Signing.newKeyMaterial(algorithm, (count) => randomBytes(count))
  const key = { kid: 'key_1', createdAt: 0, signsFrom: 0, ...material } as const
  const token = (await Signing.signJws(key, 'at+jwt', CLAIMS)).reveal()
  const ours = SigningKey.createVerifier({ keys: [key] })
  const object =
    key.algorithm === 'HS512'
      ? createSecretKey(Buffer.from(key.secret.reveal(), 'base64url'))
      : createPublicKey({ key: SigningKey.publicJwk(key) as unknown as JsonWebKey, format: 'jwk' })
  const presented = new Redacted(token)
  const works: Record<string, Work> = {
    ours: () => ours(presented),
    jose: () => jwtVerify(token, object, { algorithms: [algorithm] }),
    'fast-jwt': fastJwt(token, object, algorithm),
    ...(algorithm !== 'EdDSA' && {
      jsonwebtoken: () => jsonwebtoken.verify(token, object, { algorithms: [algorithm] }),
    }),
    ...(key.algorithm !== 'HS512' && {
      'aws-jwt-verify': awsJwtVerify(token, { ...SigningKey.publicJwk(key) } as unknown as JwkWithKid),
    }),
    bare: algorithm === 'HS512' ? bareMac(token, object) : bare(token, object, algorithm),
  }
  for (const [name, work] of Object.entries(works))
    if (!(await work())) throw new Error(`${name} refuses the token`)
  const measured = await interleaved(works, { rounds: 150, batch: 10 })
  const mine = median(measured.ours ?? { sorted: [] })
  return Object.entries(measured).map(([name, samples]) => ({
    name: `verify ${algorithm}: ${name}`,
    value: median(samples),
    unit: 'µs',
    against: `${(median(samples) / mine).toFixed(2)} x ours, by turns`,
  }))
}

const fastJwt = (token: string, object: KeyObject, algorithm: 'HS512' | 'ES256' | 'EdDSA'): Work => {
  const key = object.type === 'secret' ? object.export() : object.export({ type: 'spki', format: 'pem' })
  const verifier = createVerifier({ key, algorithms: [algorithm] })
  return () => verifier(token)
}

/** It takes no secret keys: those of HS512 are not for it. */
const awsJwtVerify = (token: string, jwk: JwkWithKid): Work => {
  const verifier = JwtVerifier.create({
    issuer: CLAIMS.iss,
    audience: CLAIMS.aud[0] ?? null,
    jwksUri: JWKS_URI,
  })
  verifier.cacheJwks({ keys: [jwk] })
  return () => verifier.verifySync(token)
}

/** Never asked: the key is given beforehand. */
const JWKS_URI = 'https://countersign.example/.well-known/jwks.json'

const bareMac = (token: string, key: KeyObject): Work => {
  const at = token.lastIndexOf('.')
  return () => {
    const digest = createHmac('sha512', key).update(token.slice(0, at)).digest()
    return timingSafeEqual(digest, Buffer.from(token.slice(at + 1), 'base64url'))
  }
}

const bare = (token: string, key: KeyObject, algorithm: 'ES256' | 'EdDSA'): Work => {
  const at = token.lastIndexOf('.')
  return () => {
    const signature = Buffer.from(token.slice(at + 1), 'base64url')
    const digest = algorithm === 'ES256' ? 'sha256' : null
    return verify(digest, Buffer.from(token.slice(0, at)), { key, dsaEncoding: 'ieee-p1363' }, signature)
  }
}
