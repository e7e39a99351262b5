import { createHash, randomBytes } from 'node:crypto'
import { Audit } from '@countersign/core/audit'
import type { Change, Ledger } from '@countersign/core/ledger'
import { idFrom, type NewId } from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import { make as makeJsonWebKeys } from '@countersign/functions/http/show-json-web-keys'
import { make as makeRotation } from '@countersign/functions/rotation/rotate-seal-keys'
import { currentSealKey, ensureSealKey, readSealKeys } from '@countersign/functions/runtime/seal-keys'
import { sealDays } from '@countersign/functions/runtime/sealing'
import { make as makeSealAudit } from '@countersign/functions/schedules/seal-audit'
import { openDatabase, sqliteKeyRing, sqliteLedger } from '@countersign/local'
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import { registeredAt } from '../support/backdated.ts'

const FIRST = '2026-03-01'
const MOST = 31
/** Events of one part: as many as one likes, so that a day needs not be large. */
const PART = 4
const newId: NewId = (kind) => idFrom(kind, randomBytes(16))
const at = (day: string, hour: number) => new Date(Audit.startOfDay(day).getTime() + hour * 3_600_000)

/** A ledger and its seals, at a time of one's choosing. */
const begin = async () => {
  const database = openDatabase(':memory:')
  const state = { now: at(FIRST, 0) }
  const services = {
    ledger: sqliteLedger(database),
    sealKeys: sqliteKeyRing(database, 'SealKeys'),
    settings: { issuer: 'urn:platform', ringRefreshSeconds: 60 },
    clock: () => state.now,
    newId,
    randomBytes,
  }
  await ensureSealKey(services)
  const run = (over: Partial<typeof services> = {}) => sealDays({ ...services, ...over }, MOST, PART)
  const all = async () => {
    const { keys } = await readSealKeys(services)
    const published = SigningKey.publicKeysOf({ keys })
    const { items } = await services.ledger.list<{ readonly seal: string; readonly parts: number }>('seal', {
      ...{ labels: [], limit: 100, after: undefined },
    })
    return Promise.all(
      items.map(async ({ state: { seal, parts } }) => {
        const read = Audit.readSeal(seal, published)
        if (!read.ok) throw new Error(read.error)
        const { day } = read.value
        const kept = await Promise.all(
          Array.from({ length: parts }, (_, index) =>
            services.ledger.load<{ readonly leaves: readonly Leaves[number][] }>(
              'seal-part',
              Audit.partIdOf(day, index),
            ),
          ),
        )
        return { claims: read.value, seal, leaves: kept.flatMap((part) => part.state?.leaves ?? []) }
      }),
    )
  }
  const entitiesOf = async (day: string) =>
    (await all()).find(({ claims }) => claims.day === day)?.leaves.map(({ entity }) => entity)
  return { services, state, run, all, entitiesOf, event: (when: Date) => registeredAt(services, when) }
}
const QUESTION = {
  ...{ httpMethod: 'GET', resource: '/x', path: '/x', headers: {}, body: null, isBase64Encoded: false },
  requestContext: { requestId: 'r1' },
} as unknown as APIGatewayProxyEvent
type Leaves = Parameters<typeof Audit.rootOfLeaves>[0] & readonly ReturnType<typeof Audit.leafOf>[]

/** The same ledger, whose process dies at its nth commit: before it, or with the answer lost. */
const dyingAt = (ledger: Ledger, commit: number, lost: boolean): Ledger => {
  let count = 0
  return {
    ...ledger,
    commit: async (change: Change) => {
      count += 1
      if (count !== commit) return ledger.commit(change)
      if (lost) await ledger.commit(change)
      throw new Error('died')
    },
  }
}

describe('the seal of a day', () => {
  it('comes an hour after it is over, and not before', async () => {
    const { state, run, all, event } = await begin()
    await event(at(FIRST, 12))
    state.now = at(Audit.dayAfter(FIRST), 0.99)
    await run()
    expect(await all()).toEqual([])
    state.now = at(Audit.dayAfter(FIRST), 1)
    await run()
    expect((await all()).map(({ claims }) => [claims.day, claims.events])).toEqual([[FIRST, 1]])
  })

  it('comes for every day in its turn, also for those on which nothing happened or nobody ran', async () => {
    const { state, run, all, event } = await begin()
    await event(at(FIRST, 12))
    state.now = at(Audit.dayAfter(FIRST, 40), 12)
    await run()
    expect(await all()).toHaveLength(MOST)
    await run()
    const seals = await all()
    expect(seals.map(({ claims }) => claims.day)).toEqual(
      Array.from({ length: 40 }, (_, index) => Audit.dayAfter(FIRST, index)),
    )
    expect(Audit.faultsOfSeals(seals)).toEqual([])
  })

  it('is over every event of the day once, in more parts than one when there are many', async () => {
    const { state, run, entitiesOf, event, all } = await begin()
    const ids: string[] = []
    for (let count = 0; count < PART + 3; count++) ids.push(await event(at(FIRST, 12)))
    const next = await event(at(Audit.dayAfter(FIRST), 0))
    state.now = at(Audit.dayAfter(FIRST), 2)
    await run()
    expect(await entitiesOf(FIRST)).toEqual(ids)
    expect(ids).not.toContain(next)
    expect(Audit.faultsOfSeals(await all())).toEqual([])
  })

  it.each([1, 2, 3, 4].flatMap((commit) => [false, true].map((lost) => [commit, lost] as const)))(
    'is the same whoever made it: a run that died at its commit %i (done: %s) is gone on with',
    async (commit, lost) => {
      const { services, state, run, all, event } = await begin()
      for (let count = 0; count < PART + 3; count++) await event(at(FIRST, 12))
      state.now = at(Audit.dayAfter(FIRST, 2), 2)
      await run({ ledger: dyingAt(services.ledger, commit, lost) }).catch(() => {})
      await run()
      const seals = await all()
      expect(seals.map(({ claims }) => claims.day)).toEqual([FIRST, Audit.dayAfter(FIRST)])
      expect(Audit.faultsOfSeals(seals)).toEqual([])
      const hashes = seals.flatMap(({ leaves }) => leaves.map(({ hash }) => hash))
      expect(new Set(hashes).size).toBe(hashes.length)
      expect(seals[0]?.leaves).toHaveLength(PART + 3)
    },
  )

  it('is made once by many who run at the same time', async () => {
    const { state, run, all, event } = await begin()
    for (let count = 0; count < 5; count++) await event(at(FIRST, 12))
    state.now = at(Audit.dayAfter(FIRST, 3), 2)
    await Promise.all(Array.from({ length: 8 }, () => run()))
    await run()
    const seals = await all()
    expect(seals).toHaveLength(3)
    expect(Audit.faultsOfSeals(seals)).toEqual([])
    expect(seals.map(({ leaves }) => leaves.length)).toEqual([5, expect.any(Number), expect.any(Number)])
  })

  it('leaves what comes late to the next one, and counts it there', async () => {
    const { state, run, all, entitiesOf, event } = await begin()
    await event(at(FIRST, 12))
    state.now = at(Audit.dayAfter(FIRST), 2)
    await run()
    const late = await event(at(FIRST, 23))
    state.now = at(Audit.dayAfter(FIRST, 2), 2)
    await run()
    expect(await entitiesOf(FIRST)).not.toContain(late)
    expect(await entitiesOf(Audit.dayAfter(FIRST))).toContain(late)
    expect((await all()).map(({ claims }) => claims.late)).toEqual([0, 1])
    state.now = at(Audit.dayAfter(FIRST, 3), 2)
    await run()
    expect(await entitiesOf(Audit.dayAfter(FIRST, 2))).not.toContain(late)
  })

  it('does not come again when a clock goes back', async () => {
    const { state, run, all, event } = await begin()
    await event(at(FIRST, 12))
    state.now = at(Audit.dayAfter(FIRST, 3), 2)
    await run()
    const before = await all()
    state.now = at(Audit.dayAfter(FIRST), 2)
    await run()
    expect(await all()).toEqual(before)
  })

  it('waits until whoever keeps the published keys can know the one that signs it', async () => {
    const { services, state, run, all, event } = await begin()
    await event(at(Audit.dayAfter(FIRST, -2), 12))
    state.now = new Date(at(FIRST, 0).getTime() + 59_000)
    await expect(run()).rejects.toThrow('seal_key_unready')
    expect(await all()).toEqual([])
    state.now = new Date(at(FIRST, 0).getTime() + 60_000)
    expect(await currentSealKey(services, state.now)).toMatchObject({ value: { algorithm: 'EdDSA' } })
    await run()
    expect((await all()).map(({ claims }) => claims.day)).toEqual([Audit.dayAfter(FIRST, -2)])
  })
})

describe('the seal key', () => {
  it('is one, whoever asks for it first', async () => {
    const { services } = await begin()
    const { keys } = await readSealKeys(services)
    await Promise.all([1, 2, 3].map(() => ensureSealKey(services)))
    expect((await readSealKeys(services)).keys.map(({ kid }) => kid)).toEqual(keys.map(({ kid }) => kid))
  })
})

describe('the rotation of the seal key', () => {
  const REFRESH = 60
  const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const
  type Begun = Awaited<ReturnType<typeof begin>>
  type Services = Begun['services']

  const rotate = async (services: Services, rotationId: string, steps: readonly Step[] = STEPS) => {
    const step = makeRotation(services)
    for (const Step of steps) await step({ Step, ClientRequestToken: rotationId, SecretId: 'SealKeys' })
  }
  type Step = (typeof STEPS)[number]

  const kidsOf = async (services: Services) => (await readSealKeys(services)).keys.map(({ kid }) => kid)
  const signerAt = async (services: Services, instant: Date) => {
    const key = await currentSealKey(services, instant)
    return key.ok ? key.value.kid : key.error.reason
  }
  const told = async ({ ledger }: Services) =>
    (await ledger.events({ subject: SigningKey.SEAL_KEYS_ID, limit: 100, after: undefined })).items
  const toldKids = async (services: Services) =>
    (await told(services)).flatMap(({ type, data }) => (type === 'seal-key.created' ? [data.kid] : []))
  const later = (instant: Date, seconds: number) => new Date(instant.getTime() + seconds * 1_000)

  const digestOf = (key: SigningKey.SigningKey) =>
    'publicKey' in key &&
    `sha-256:${createHash('sha256').update(Buffer.from(key.publicKey, 'base64url')).digest('base64url')}`

  /** A first key that has signed for a while. */
  const grown = async () => {
    const begun = await begin()
    begun.state.now = later(begun.state.now, 10 * REFRESH)
    return begun
  }

  it('publishes a key at once, and lets it sign after two refreshes', async () => {
    const { services, state } = await grown()
    const [first = ''] = await kidsOf(services)
    await rotate(services, 'r1')
    const [, second = ''] = await kidsOf(services)
    const jwks = JSON.parse(
      (await makeJsonWebKeys({ ...services, keyRing: services.sealKeys, log: () => {} })(QUESTION)).body,
    ) as { readonly keys: readonly { readonly kid: string }[] }
    expect(jwks.keys.map(({ kid }) => kid)).toEqual(expect.arrayContaining([first, second]))
    expect(await signerAt(services, state.now)).toBe(first)
    expect(await signerAt(services, later(state.now, 2 * REFRESH - 1))).toBe(first)
    expect(await signerAt(services, later(state.now, 2 * REFRESH))).toBe(second)
  })

  it('tells the log of every key once, with the digest of its public half', async () => {
    const { services } = await grown()
    await rotate(services, 'r1')
    await rotate(services, 'r1')
    const { keys } = await readSealKeys(services)
    expect(await toldKids(services)).toEqual(keys.map(({ kid }) => kid))
    expect((await told(services)).map(({ actor, data }) => [actor, data])).toEqual(
      keys.map((key) => [
        'secrets-manager',
        expect.objectContaining({ kid: key.kid, digest: digestOf(key) }),
      ]),
    )
    for (const { secret } of keys) expect(JSON.stringify(await told(services))).not.toContain(secret.reveal())
  })

  it('takes nothing from seals of keys before: they verify for as long as anybody kept the published keys', async () => {
    const { services, state, run, all, event } = await grown()
    await event(at(FIRST, 12))
    for (let year = 0; year < 4; year++) {
      state.now = at(Audit.dayAfter(FIRST, 1 + year), 2)
      await run()
      await rotate(services, `year ${year}`)
    }
    const seals = await all()
    const kids = await kidsOf(services)
    expect(seals.map(({ claims }) => claims.kid)).toEqual(kids.slice(0, 4))
    expect(Audit.faultsOfSeals(seals)).toEqual([])
    const { items } = await services.ledger.events({
      limit: 1,
      after: undefined,
      from: at(FIRST, 0).toISOString(),
    })
    const proof = Audit.prove(items[0] as never, seals[0]?.leaves ?? [], seals[0]?.seal ?? '')
    const published = JSON.parse(JSON.stringify(SigningKey.publicKeysOf(await readSealKeys(services))))
    const kept = JSON.parse(JSON.stringify(proof))
    expect(Audit.readProof(kept, published)).toMatchObject({ ok: true, value: { seal: { kid: kids[0] } } })
    const others = published.filter(({ kid }: { readonly kid: string }) => kid !== kids[0])
    expect(Audit.readProof(kept, others)).toMatchObject({ ok: false })
  })

  it.each([0, 1, 2, 3, 4].map((steps) => [steps]))(
    'that died after %i steps is taken up again, by itself or by another, and nothing is lost',
    async (steps) => {
      const { services } = await grown()
      const [first = ''] = await kidsOf(services)
      await rotate(services, 'r1', STEPS.slice(0, steps))
      await rotate(services, 'r1')
      expect(await kidsOf(services)).toHaveLength(2)
      await rotate(services, 'dead', STEPS.slice(0, steps))
      await rotate(services, 'r2')
      const kids = await kidsOf(services)
      expect(kids[0]).toBe(first)
      expect(kids).toHaveLength(steps === 4 ? 4 : 3)
      expect(await toldKids(services)).toEqual(kids)
    },
  )

  it('that died between the keys and their log is told of by the next run of what seals', async () => {
    const { services } = await grown()
    const broken = { ...services, ledger: dyingAt(services.ledger, 1, false) }
    await expect(rotate(broken, 'r1')).rejects.toThrow('died')
    const kids = await kidsOf(services)
    expect(kids).toHaveLength(2)
    expect(await toldKids(services)).toEqual([])
    await makeSealAudit(services)()
    expect(await toldKids(services)).toEqual(kids)
  })

  it('that lay about until its key would sign unpublished is refused, which the log tells, and the next one passes', async () => {
    const { services, state } = await grown()
    await rotate(services, 'late', ['createSecret'])
    state.now = later(state.now, REFRESH + 1)
    await expect(rotate(services, 'late')).rejects.toThrow('rotation_too_late')
    expect((await told(services)).at(-1)).toMatchObject({
      type: 'seal-key.rotation-failed',
      data: { rotationId: 'late', step: 'testSecret', reason: 'rotation_too_late' },
    })
    expect(await kidsOf(services)).toHaveLength(1)
    await rotate(services, 'next')
    expect(await kidsOf(services)).toHaveLength(2)
  })

  it('happens once when two come at the same time', async () => {
    const { services } = await grown()
    const results = await Promise.allSettled([rotate(services, 'a'), rotate(services, 'b')])
    expect(results.map(({ status }) => status)).toContain('fulfilled')
    const kids = await kidsOf(services)
    expect(kids).toHaveLength(1 + results.filter(({ status }) => status === 'fulfilled').length)
    expect(await toldKids(services)).toEqual(kids)
  })

  it('never lets a key go: when there is no room the last one goes on, and the log says why', async () => {
    const { services, state } = await grown()
    const year = 366 * 86_400
    for (let count = 1; count < SigningKey.MOST_KEYS; count++) {
      await rotate(services, `r${count}`)
      state.now = later(state.now, year)
    }
    const kids = await kidsOf(services)
    expect(kids).toHaveLength(SigningKey.MOST_KEYS)
    await expect(rotate(services, 'more')).rejects.toThrow('key_ring_full')
    expect(await kidsOf(services)).toEqual(kids)
    expect(await signerAt(services, state.now)).toBe(kids.at(-1))
    expect((await told(services)).at(-1)).toMatchObject({ data: { reason: 'key_ring_full' } })
  })
})
