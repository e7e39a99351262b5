import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fact } from '@countersign/core/events'
import { ALGORITHMS, type Algorithm } from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import { recordKeyFacts } from '@countersign/functions/runtime/key-log'
import { make as advance } from '@countersign/functions/schedules/advance-signing-keys'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { only } from '../support/only.ts'
import { callUrl, done, startWorld, type World } from '../support/world.ts'
import { clientOf, issue, publish, SHOW, TENANCY, type Tenancies, tenancies } from './given.ts'

const HERE = ALGORITHMS.filter(SigningKey.isAvailable)
const PAIRS = HERE.filter((algorithm) => algorithm !== 'HS512')
const HOUR = 3_600_000

const statusOf = async (world: World, token: string) => (await world.call({ path: TENANCY, token })).status
const keysOf = async (world: World) => done(await world.client.signingKeys.list()).items
const algorithmsOf = async (world: World) => (await keysOf(world)).map(({ algorithm }) => algorithm)

/** The key that seals the audit log stands beside those of tokens, whatever they are. */
const SEALS = ['EdDSA', 'sig']

/** What anybody can do who knows where the platform is. */
const publicKeys = async (world: World) => {
  const answer = await callUrl(world.api, { path: '/.well-known/jwks.json' })
  return { ...answer, set: JSON.parse(answer.body) as { readonly keys: readonly Record<string, string>[] } }
}

const verifiedElsewhere = (world: World, token: string) =>
  jwtVerify(token, createRemoteJWKSet(new URL('/.well-known/jwks.json', world.api)), {
    typ: 'at+jwt',
    issuer: 'https://countersign.local',
  })

/** The key is fenced in the transaction; the process is gone before the ring has another. */
const giveUpHalf = async ({ platform: { services } }: World, kid: string): Promise<void> => {
  const now = services.clock()
  await recordKeyFacts(services, { actor: 'con_1', correlationId: 'half', now }, () => [
    fact('signing-key.compromised', { kid: kid as `key_${string}`, compromisedAt: now.toISOString() }),
  ])
}

const stories = () => {
  describe.each(HERE)('a platform whose keys are %s', (signingAlgorithm) => {
    let now = new Date('2026-03-01T12:00:00Z')
    let world: Tenancies
    beforeAll(async () => {
      world = await tenancies({ signingAlgorithm, clock: () => now })
    })
    afterAll(() => world.stop())

    it('issues tokens that the gateway lets through, and says in them how they are signed', async () => {
      expect(await algorithmsOf(world)).toEqual([signingAlgorithm])
      expect(await statusOf(world, world.token.secret)).toBe(200)
      expect(decodeProtectedHeader(world.token.secret)).toEqual({
        alg: signingAlgorithm,
        kid: (await keysOf(world))[0]?.kid,
        typ: 'at+jwt',
      })
    })

    it('gives the same token again under the same Idempotency-Key, though nobody kept it', async () => {
      const grants = [{ api: 'tenancies', environment: 'staging', routes: [SHOW] }]
      const ask = () =>
        world.client.tokens.issue({ consumer: world.token.consumer, grants }, { idempotencyKey: 'the-same' })
      const first = done(await ask())
      now = new Date(now.getTime() + HOUR)
      const again = done(await ask())
      expect(first.token).toMatch(/^ey/)
      expect(again).toEqual(first)
    })

    it('gives the same token again after a rotation, under the key that signed it first', async () => {
      const held = await issue(world)
      const grants = [{ api: 'tenancies', environment: 'staging', routes: [SHOW] }]
      const ask = () =>
        world.client.tokens.issue({ consumer: held.consumer, grants }, { idempotencyKey: 'across' })
      const first = done(await ask())
      done(await world.client.signingKeys.rotate())
      now = new Date(now.getTime() + HOUR)
      expect(done(await ask()).token).toBe(first.token)
    })

    it('rotates, and no token dies of it', async () => {
      const before = await issue(world)
      const { kid } = done(await world.client.signingKeys.rotate())
      now = new Date(now.getTime() + HOUR)
      const after = await issue(world)
      expect(decodeProtectedHeader(after.secret).kid).toBe(kid)
      expect(await statusOf(world, before.secret)).toBe(200)
      expect(await statusOf(world, after.secret)).toBe(200)
    })

    it('refuses a revoked token at the next request', async () => {
      const held = await issue(world)
      expect(await statusOf(world, held.secret)).toBe(200)
      done(await world.client.tokens.revoke(held.id, { reason: 'requested' }))
      expect(await statusOf(world, held.secret)).toBe(401)
    })

    it('recovers when its only key is given up: it signs with another at once', async () => {
      const alone = await tenancies({ signingAlgorithm })
      const [only] = await keysOf(alone)
      const done1 = done(await alone.client.signingKeys.compromise(only?.kid ?? '', { note: 'leaked' }))
      expect(done1).toMatchObject({ compromised: only?.kid, reissue: expect.arrayContaining([]) })
      expect(done1.reissue.map(({ id }) => id)).toContain(alone.token.id)
      expect(await statusOf(alone, alone.token.secret)).toBe(401)
      const renewed = await expect
        .poll(() => readFileSync(alone.credentialFile, 'utf8'), { timeout: 5_000 })
        .not.toBe(alone.credential)
        .then(() => readFileSync(alone.credentialFile, 'utf8'))
      const operated = { ...alone, client: clientOf(alone, renewed) }
      expect((await keysOf(operated)).map(({ kid, state }) => [kid, state])).toEqual([[done1.kid, 'signing']])
      expect(await statusOf(alone, (await issue(operated)).secret)).toBe(200)
      await alone.stop()
    })
  })

  describe.each(PAIRS)('the public keys of a platform whose keys are %s', (signingAlgorithm) => {
    let world: Tenancies
    beforeAll(async () => {
      world = await tenancies({ signingAlgorithm })
    })
    afterAll(() => world.stop())

    it('are there for anybody, who may keep them for as long as an authorizer does', async () => {
      const { status, headers, set } = await publicKeys(world)
      expect([status, headers['content-type']]).toEqual([200, 'application/jwk-set+json'])
      expect(headers['cache-control']).toBe('public, max-age=1')
      expect(set.keys.map(({ alg, use }) => [alg, use])).toEqual([[signingAlgorithm, 'sig'], SEALS])
      expect(done(await world.client.signingKeys.jsonWebKeys())).toEqual(set)
    })

    it('verify its tokens elsewhere', async () => {
      const { payload } = await verifiedElsewhere(world, world.token.secret)
      expect(payload).toMatchObject({ jti: world.token.id, sub: world.token.consumer })
      const [header, , signature] = world.token.secret.split('.')
      const other = Buffer.from(JSON.stringify({ ...payload, jti: 'tok_0' })).toString('base64url')
      await expect(verifiedElsewhere(world, `${header}.${other}.${signature}`)).rejects.toThrow('signature')
    })
  })

  describe('a change of the algorithm', () => {
    const data = mkdtempSync(join(tmpdir(), 'countersign-'))
    let now = new Date('2026-03-01T12:00:00Z')
    const begin = (signingAlgorithm: Algorithm) => startWorld({ data, signingAlgorithm, clock: () => now })
    afterAll(() => rmSync(data, { recursive: true, force: true }))

    it('comes with the next rotation after it was configured; every token of before lives on', async () => {
      let world = await begin('HS512')
      await publish(world.client, 'tenancies')
      const held = [await issue(world)]
      for (const algorithm of [...PAIRS, 'HS512'] as const) {
        await world.stop()
        world = await begin(algorithm)
        const before = (await keysOf(world)).length
        expect((await algorithmsOf(world)).at(-1), 'nothing changes before').not.toBe(algorithm)
        expect(done(await world.client.signingKeys.rotate())).toMatchObject({ algorithm })
        const early = await issue(world)
        expect(decodeProtectedHeader(early.secret).alg, 'published, and not signing yet').not.toBe(algorithm)
        now = new Date(now.getTime() + HOUR)
        const later = await issue(world)
        expect(decodeProtectedHeader(later.secret).alg).toBe(algorithm)
        expect(await keysOf(world)).toHaveLength(before + 1)
        held.push(early, later)
        for (const { secret } of held) expect(await statusOf(world, secret)).toBe(200)
      }
      const { set } = await publicKeys(world)
      expect(set.keys.map(({ alg }) => alg)).toEqual([...PAIRS, 'EdDSA'])
      await world.stop()
    })

    it('can be for one key: the rotation names it', async () => {
      const world = await tenancies()
      const rotated = done(await world.client.signingKeys.rotate({ algorithm: 'ES256' }))
      expect(rotated).toMatchObject({ algorithm: 'ES256' })
      done(await world.client.signingKeys.rotate())
      expect(await algorithmsOf(world)).toEqual(['HS512', 'ES256', 'HS512'])
      const refused = await world.client.signingKeys.rotate({ algorithm: 'none' })
      expect(refused).toMatchObject({
        ok: false,
        error: { problem: { status: 400, code: 'invalid_request' } },
      })
      await world.stop()
    })
  })

  describe('the ring', () => {
    it('holds so many keys and no more, and still lets an emergency through', async () => {
      const world = await tenancies()
      for (let count = 1; count < SigningKey.MOST_KEYS; count++) done(await world.client.signingKeys.rotate())
      const refused = await world.client.signingKeys.rotate()
      expect(refused).toMatchObject({ ok: false, error: { problem: { status: 409, code: 'key_ring_full' } } })
      const keys = await keysOf(world)
      expect(keys).toHaveLength(SigningKey.MOST_KEYS)
      done(await world.client.signingKeys.compromise(keys.at(-1)?.kid ?? ''))
      expect(await keysOf(world)).toHaveLength(SigningKey.MOST_KEYS)
      expect(await statusOf(world, world.token.secret)).toBe(200)
      await world.stop()
    })
  })

  describe('an emergency that died between the fence and the rotation', () => {
    it('is finished by the clock, though every credential was signed by the key', async () => {
      const world = await tenancies()
      const [only] = await keysOf(world)
      await giveUpHalf(world, only?.kid ?? '')
      expect(await statusOf(world, world.token.secret)).toBe(401)
      expect((await world.client.signingKeys.list()).ok).toBe(false)
      await advance(world.platform.services)()
      await expect
        .poll(() => readFileSync(world.credentialFile, 'utf8'), { timeout: 5_000 })
        .not.toBe(world.credential)
      const operated = { ...world, client: clientOf(world, readFileSync(world.credentialFile, 'utf8')) }
      const [successor, ...others] = await keysOf(operated)
      expect([successor?.state, others]).toEqual(['signing', []])
      expect(successor?.kid).not.toBe(only?.kid)
      expect(await statusOf(world, (await issue(operated)).secret)).toBe(200)
      await advance(world.platform.services)()
      expect(await keysOf(operated)).toHaveLength(1)
      await world.stop()
    })

    it('is finished by the next start', async () => {
      const data = mkdtempSync(join(tmpdir(), 'countersign-'))
      const before = await tenancies({ data })
      const [only] = await keysOf(before)
      await giveUpHalf(before, only?.kid ?? '')
      await before.stop()
      const after = await startWorld({ data })
      expect((await keysOf(after)).map(({ kid }) => kid)).not.toContain(only?.kid)
      expect(await statusOf(after, (await issue(after)).secret)).toBe(200)
      await after.stop()
      rmSync(data, { recursive: true, force: true })
    })
  })
}

only(
  'local',
  'a key signs two refresh intervals after it was made, and nobody can move the clock of a deployed system',
  'keys of each algorithm taking turns',
  stories,
)
