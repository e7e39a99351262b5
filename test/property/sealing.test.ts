import { randomBytes } from 'node:crypto'
import { Audit } from '@countersign/core/audit'
import type { Change, Ledger } from '@countersign/core/ledger'
import { idFrom, type NewId } from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import { currentSealKey, ensureSealKey, readSealKeys } from '@countersign/functions/runtime/seal-keys'
import { sealDays } from '@countersign/functions/runtime/sealing'
import { openDatabase, sqliteKeyRing, sqliteLedger } from '@countersign/local'
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
