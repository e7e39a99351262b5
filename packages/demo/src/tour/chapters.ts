import { createPublicKey, type JsonWebKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { body } from '../outcome.ts'
import { expect } from '../tell.ts'
import {
  API,
  bearer,
  type Caller,
  called,
  ENVIRONMENT,
  get,
  NOBODY,
  PLACE,
  signing,
  type Teller,
  withKey,
} from './calling.ts'
import { createKey, issueToken, keyArrives, registerSigner, signedBy, signIn } from './credentials.ts'
import type { TourScene } from './scene.ts'

const DOCUMENT = join(import.meta.dirname, '../../../../examples/every-credential.yaml')
const GROUP = 'housing-officers'

/** What is left of a chapter: somebody who is let in, and what must be in no log. */
export interface Shown {
  readonly who: string
  readonly caller: Caller | ((path: string) => Caller)
  readonly secrets: readonly string[]
}

export const publish = async ({ client }: TourScene) => {
  const wanted = { owner: 'housing@example.org', openapi: readFileSync(DOCUMENT, 'utf8') }
  const { routes } = body(await client.apis.publish(API, wanted), 'the API was not registered')
  const deployment = { ...PLACE, authorizerCacheTtlSeconds: 0 }
  body(await client.apis.deploy(API, ENVIRONMENT, deployment), 'the API was not deployed')
  const rules = [{ group: GROUP, routes: ['GET /visits', 'GET /repairs/{id}'] }]
  body(await client.apis.changeRules(API, ENVIRONMENT, { rules }), 'the access rules were not taken')
  const kinds = routes.map(({ authorization }) => authorization).join(', ')
  return { said: `"${API}" registered: ${kinds}`, value: undefined }
}

export const issuedToken = async (scene: TourScene, step: Teller): Promise<Shown> => {
  const { id, token } = await step(() => issueToken(scene))
  const spare = await step(() => issueToken(scene))
  await step(() => called(scene, '/tenancies/7', [bearer(token), 'with the token'], 200))
  await step(() => called(scene, '/visits', [bearer(token), 'a route for people'], 403))
  await step(() => called(scene, '/tenancies/7', [bearer(altered(token)), 'one character changed'], 401))
  body(await scene.client.tokens.revoke(id, { reason: 'requested' }), 'the token was not revoked')
  await step(() =>
    called(scene, '/tenancies/7', [bearer(token), 'the very next request after it was revoked'], 401),
  )
  return { who: 'issued token', caller: bearer(spare.token), secrets: [token, spare.token] }
}

/** In the middle of the claims: the signature does not hold for them. */
const altered = (token: string): string => {
  const middle = Math.floor(token.length / 2)
  return `${token.slice(0, middle)}${token[middle] === 'A' ? 'B' : 'A'}${token.slice(middle + 1)}`
}

export const publicKeys = async (
  another: () => Promise<TourScene>,
  step: Teller,
  { caller }: Shown,
): Promise<void> => {
  const scene = await another()
  try {
    await step(() => publish(scene))
    const { kid, token } = await step(() => issueToken(scene))
    await step(() => verifiedByAnybody(scene, kid, token))
    await step(() => called(scene, '/tenancies/7', [bearer(token), 'with the token'], 200))
    const stranger = typeof caller === 'function' ? caller('/tenancies/7') : caller
    await step(() => called(scene, '/tenancies/7', [stranger, "the other platform's token"], 401))
  } finally {
    await scene.close()
  }
}

const verifiedByAnybody = async ({ api }: TourScene, kid: string, token: string) => {
  const response = await fetch(`${api}/.well-known/jwks.json`)
  const { keys } = (await response.json()) as {
    readonly keys: readonly (JsonWebKey & { readonly kid: string })[]
  }
  const key = keys.find((one) => one.kid === kid)
  expect(
    key !== undefined && !('d' in key),
    'the public key is not published, or more than the public key is',
  )
  const dot = token.lastIndexOf('.')
  const signature = Buffer.from(token.slice(dot + 1), 'base64url')
  const publicKey = createPublicKey({ key, format: 'jwk' })
  expect(verify(null, Buffer.from(token.slice(0, dot)), publicKey, signature), 'the signature is not good')
  return { said: `Verified with the key of /.well-known/jwks.json and nothing of ours`, value: undefined }
}

export const consumerSigned = async (scene: TourScene, step: Teller): Promise<Shown> => {
  const signer = await step(() => registerSigner(scene))
  const [named, good] = [signedBy(signer, { jti: 'order-7', roles: ['editor'] }), signedBy(signer)]
  const path = '/tenancies/7'
  const { body: told } = await step(() =>
    called(scene, path, [bearer(named), 'the backend is told the role'], 200),
  )
  expect(told.includes('editor'), 'the role did not reach the backend')
  const now = Math.floor(Date.now() / 1_000)
  const long = signedBy(signer, { exp: now + 3_600 })
  await step(() => called(scene, path, [bearer(long), 'for an hour, where 15 minutes are the most'], 401))
  const forged = signedBy({ ...signer, secret: { ...signer.secret, k: 'A'.repeat(86) } })
  await step(() => called(scene, path, [bearer(forged), 'signed with another key'], 401))
  const one = { consumer: signer.id, token: 'order-7', reason: 'compromised' } as const
  body(await scene.client.revocations.revoke(one), 'the token was not refused')
  await step(() => called(scene, path, [bearer(named), 'this one, after it was refused by its id'], 401))
  await step(() => called(scene, path, [bearer(good), 'its neighbour'], 200))
  return { who: 'consumer-signed', caller: bearer(good), secrets: [named, good, signer.secret.k] }
}

export const sessions = async (scene: TourScene, step: Teller): Promise<Shown> => {
  const ada = await step(() => signIn(scene, 'ada'))
  await step(() => called(scene, '/visits', [bearer(ada), 'Ada, whose group a rule names'], 200))
  await step(() => called(scene, '/tenancies/7', [bearer(ada), 'a route for tokens alone'], 403))
  const mallory = await step(() => signIn(scene, 'mallory'))
  await step(() => called(scene, '/visits', [bearer(mallory), 'Mallory, whom no rule names'], 403))
  body(await scene.client.oauth.revoke(ada), 'Ada was not signed out')
  await step(() => called(scene, '/visits', [bearer(ada), 'Ada, after signing out'], 401))
  const grace = await step(() => signIn(scene, 'grace'))
  return { who: 'session', caller: bearer(grace), secrets: [ada, mallory, grace] }
}

const QUOTA = 3

export const apiKey = async (scene: TourScene, step: Teller): Promise<Shown> => {
  const free = await step(() => createKey(scene, 'unlimited'))
  const few = await step(() => createKey(scene, 'small', QUOTA))
  const path = '/reports'
  await step(() => called(scene, path, [NOBODY, 'without a key'], 401))
  await step(() => called(scene, path, [withKey(`csk-${'0'.repeat(64)}`), 'with a wrong one'], 401))
  await step(() => keyArrives(scene, withKey(few)))
  for (let count = 1; count < QUOTA; count++) await get(scene, path, withKey(few))
  const beyond = await step(() => called(scene, path, [withKey(few), `beyond its ${QUOTA} of today`], 429))
  expect(Number(beyond.retryAfter) > 0, 'nothing says when to come again')
  await step(() => keyArrives(scene, withKey(free)))
  return { who: 'API key', caller: withKey(free), secrets: [few, free] }
}

export const signedRequest = async (scene: TourScene, step: Teller): Promise<Shown> => {
  const path = '/exports'
  await step(() => called(scene, path, [NOBODY, 'unsigned'], 403))
  await step(() => called(scene, path, [signing(scene, path), 'signed'], 200))
  await step(() =>
    called(scene, path, [signing(scene, '/reports'), 'with the signature of another request'], 403),
  )
  return { who: 'SigV4', caller: (at) => signing(scene, at), secrets: [] }
}
