import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Access, type RowDifference } from '@countersign/core/access'
import type { Json, Row } from '@countersign/core/shared'
import type { Mode } from '@countersign/functions/runtime/rebuild/check'
import type { RebuildServices } from '@countersign/functions/runtime/rebuild/look'
import { type Position, rebuildReadModel } from '@countersign/functions/runtime/rebuild/rebuild'
import { openDatabase, sqliteStoredRows } from '@countersign/local'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publish } from '../acceptance/given.ts'
import { done, startWorld } from '../support/world.ts'
import { chooser, isRefused, newStory, type Story } from './kill-story.ts'
import { delivered, type LocalWorld, perform, REFUSED, rowsOf, statusOf } from './road.ts'
import { oneOf, type Random, randomOf, seedOf, wholeBelow } from './seed.ts'

const SEED = seedOf('rebuild')
const COMMANDS = 60

let world: LocalWorld
let data: string
let database: ReturnType<typeof openDatabase>
let services: RebuildServices
let story: Story
let random: Random
let choose: ReturnType<typeof chooser>

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'countersign-rebuild-'))
  world = await startWorld({ data })
  // A connection of its own, as a process of its own has.
  database = openDatabase(join(data, 'countersign.sqlite'))
  const { ledger, clock } = world.services
  const storedRows = inTurns(sqliteStoredRows(database))
  services = { ledger: inTurns(ledger), storedRows, clock, pause: async () => {} }
  story = newStory()
  random = randomOf(SEED)
  choose = chooser(story)
  for (let count = 0; count < COMMANDS; count++) await perform(world, choose(random))
  await delivered(world.platform)
})
afterAll(async () => {
  database.close()
  await world.stop()
  rmSync(data, { recursive: true, force: true })
})

/** A call takes a turn of the loop, so that others have theirs between any two. */
const inTurns = <T extends object>(port: T): T =>
  new Proxy(port, {
    get: (target, name) => {
      const call = Reflect.get(target, name) as (...given: unknown[]) => unknown
      if (name === 'inspectAll') return call
      return async (...given: unknown[]) => {
        await setImmediate()
        return call(...given)
      }
    },
  })

const rebuild = async (mode: Partial<Mode> & { readonly from?: Position } = {}) => {
  const found: RowDifference[] = []
  const sum = await rebuildReadModel(services, {
    write: false,
    lift: false,
    ...mode,
    found: (difference) => found.push(difference),
  })
  return { ...sum, found }
}

const put = (key: string, body: Partial<Row> | string) => {
  const sweepAfter = typeof body === 'string' ? null : (body.sweepAfter ?? null)
  database.run('DELETE FROM access_row WHERE key = ?', key)
  database.run(
    'INSERT INTO access_row (key, gateway, body, sweep_after) VALUES (?, NULL, ?, ?)',
    ...[key, typeof body === 'string' ? body : JSON.stringify(body), sweepAfter],
  )
}

const keys = (prefix = ''): readonly string[] =>
  database
    .all('SELECT key FROM access_row ORDER BY key')
    .map(({ key }) => String(key))
    .filter((key) => key.startsWith(prefix))

const rowAt = (key: string): Row =>
  JSON.parse(String(database.get('SELECT body FROM access_row WHERE key = ?', key)?.body)) as Row

const register = (key: string, name: string, rank: number, value: unknown) => {
  const row = rowAt(key)
  put(key, { ...row, registers: { ...row.registers, [name]: { rank, value: value as Json } } })
}

const lose = (key: string) => database.run('DELETE FROM access_row WHERE key = ?', key)

const refusedToken = () => {
  const token = story.tokens.find(({ state }) => state === 'revoked')
  if (!token) throw new Error(`no token of this story was revoked; SEED=${SEED}`)
  return token
}

const goodToken = () => {
  const token = story.tokens.find((one) => !isRefused(one))
  if (!token) throw new Error(`every token of this story is refused; SEED=${SEED}`)
  return token
}

/** What may be wrong with a row, whatever it is. */
const DAMAGES: readonly ((key: string) => void)[] = [
  lose,
  (key) => put(key, '{"registers": '),
  (key) => put(key, { registers: {} }),
  (key) => put(key, { ...rowAt(key), sweepAfter: 1 }),
  (key) => {
    const row = rowAt(key)
    const [name = 'grant', found] = Object.entries(row.registers)[0] ?? []
    register(key, name, (found?.rank ?? 1) - 1, found?.value)
  },
  (key) => {
    const [name = 'grant'] = Object.keys(rowAt(key).registers)
    register(key, name, rowAt(key).registers[name]?.rank ?? 1, { from: 'an older version' })
  },
]

const damageSome = (share: number) => {
  for (const key of keys()) if (random() < share) oneOf(random, DAMAGES)(key)
}

describe('a rebuild', () => {
  it('finds nothing where nothing is wrong, and changes nothing', async () => {
    const before = database.all('SELECT * FROM access_row ORDER BY key')
    expect(await rebuild()).toMatchObject({ differing: 0, left: 0, found: [] })
    expect(await rebuild({ write: true })).toMatchObject({ differing: 0, left: 0 })
    expect(database.all('SELECT * FROM access_row ORDER BY key')).toEqual(before)
  })

  it('finds a token row that no event made, and with it goes what it opened', async () => {
    const { grant } = rowAt(Access.tokenRowKey(goodToken().id)).registers
    if (!grant) throw new Error('a good token has a grant')
    const key = Access.tokenRowKey(`tok_${'0'.repeat(32)}`)
    put(key, { registers: { grant } })
    expect((await rebuild()).found).toEqual([
      expect.objectContaining({ row: key, register: 'grant', finding: 'unexplained' }),
    ])
    expect(keys()).toContain(key)
    expect(await rebuild({ write: true })).toMatchObject({ differing: 1, left: 0 })
    expect(keys()).not.toContain(key)
  })

  it.each([
    'deployment#111111111111/eu-west-2/nobody/v1#0',
    'deployment#111111111111/eu-west-2/nobody/v1#9',
    'fence#17',
    'consumer#con_00000000000000000000000000000000',
    'session#ses_00000000000000000000000000000000',
    'token#con_1',
    'nonsense',
  ])('takes away the row %s, which no event made', async (key) => {
    put(key, { registers: { grant: { rank: 1, value: { grants: [] } } } })
    await rebuild({ write: true, lift: true })
    expect(keys()).not.toContain(key)
  })

  it('finds that a refusal was written over, though its rank is higher than any, and refuses again', async () => {
    const { id, presented, gatewayId } = refusedToken()
    const key = Access.tokenRowKey(id)
    register(key, 'refusal', 999_999, null)
    expect((await rebuild()).found).toMatchObject([{ row: key, register: 'refusal', finding: 'ahead' }])
    expect(await rebuild({ write: true })).toMatchObject({ left: 0 })
    expect(Access.refusalOf(rowAt(key))?.why).toBe('revoked')
    expect(REFUSED).toContain(
      (await world.call({ path: `/${gatewayId}/v1/things`, token: presented })).status,
    )
  })

  it('says from when on no gateway answers by what it put right: what was kept before lives for its time', async () => {
    const at = { accountId: '111111111111', region: 'eu-west-2', gatewayId: 'keeps', stage: 'v1' }
    await publish(world.client, 'repairs', { at, cacheSeconds: 300 })
    await delivered(world.platform)
    expect((await rebuild({ write: true })).enforcedBy).toBeUndefined()
    register(Access.tokenRowKey(refusedToken().id), 'refusal', 999_999, null)
    expect((await rebuild()).enforcedBy).toBeUndefined()
    const from = Date.now()
    const { enforcedBy = '' } = await rebuild({ write: true })
    expect(Date.parse(enforcedBy)).toBeGreaterThanOrEqual(from + 300_000)
    expect(Date.parse(enforcedBy)).toBeLessThanOrEqual(Date.now() + 300_000)
    done(await world.client.apis.deregister('repairs'))
    await delivered(world.platform)
  })

  it('gives a tombstone its time back, for a sweep before it would open what it refused', async () => {
    const key = Access.tokenRowKey(refusedToken().id)
    const row = rowAt(key)
    put(key, { ...row, sweepAfter: 1 })
    expect((await rebuild()).found).toMatchObject([{ row: key, register: 'sweepAfter', finding: 'altered' }])
    await rebuild({ write: true })
    expect(rowAt(key)).toEqual(row)
    expect(database.get('SELECT sweep_after FROM access_row WHERE key = ?', key)?.sweep_after).toBe(
      row.sweepAfter,
    )
  })

  it('leaves a refusal standing that the log does not know of, says so, and lifts it when that is asked', async () => {
    const key = Access.tokenRowKey(goodToken().id)
    const before = rowAt(key)
    register(key, 'refusal', 1_000, { why: 'revoked', since: '2026-01-01T00:00:00.000Z' })
    register('fence#0', 'kid#key_unknown', 1_000, { since: '2026-01-01T00:00:00.000Z' })
    const { found, left } = await rebuild({ write: true })
    expect(left).toBe(2)
    expect(found.every(({ stays }) => stays)).toBe(true)
    expect(Access.refusalOf(rowAt(key))?.why).toBe('revoked')
    expect(await rebuild({ write: true, lift: true })).toMatchObject({ differing: 2, left: 0 })
    expect(rowAt(key)).toEqual(before)
    await rowsOf(world.platform)
  })

  it('makes the whole table again after it was lost', async () => {
    for (const key of keys()) lose(key)
    expect((await rebuild({ write: true })).left).toBe(0)
    await rowsOf(world.platform)
    for (const token of story.tokens) {
      const status = await statusOf(world, token)
      if (isRefused(token)) expect(REFUSED).toContain(status)
      else expect(status).toBe(200)
    }
  })

  it('puts right whatever is wrong with the rows, and there is nothing to do the second time', async () => {
    damageSome(0.5)
    const first = await rebuild({ write: true })
    expect(first.differing).toBeGreaterThan(0)
    expect(await rebuild()).toMatchObject({ differing: 0 })
    await rowsOf(world.platform)
  })

  it('goes on where it was interrupted, and has done no less in the end', async () => {
    damageSome(0.5)
    for (let left = 12, from: Position | undefined; left > 0; left--) {
      const stopAt = wholeBelow(random, 8)
      let batches = 0
      const interrupted = rebuildReadModel(services, {
        ...{ write: true, lift: false, from, found: () => {} },
        reached: (position) => {
          from = position
          batches += 1
          if (batches > stopAt) throw new Error('killed')
        },
      })
      if (
        await interrupted.then(
          () => true,
          () => false,
        )
      )
        break
    }
    await rebuild({ write: true })
    expect(await rebuild()).toMatchObject({ differing: 0 })
    await rowsOf(world.platform)
  })

  it('refuses at every instant what is refused, while commands come and rows are damaged, and is clean in the end', async () => {
    let isOver = false
    const traffic = async () => {
      for (let count = 0; count < COMMANDS; count++) {
        const refused = story.tokens.filter(isRefused)
        await perform(world, choose(random))
        for (const token of refused.filter(isRefused))
          expect(REFUSED, `${token.id} ${token.state}; SEED=${SEED}`).toContain(await statusOf(world, token))
      }
      isOver = true
    }
    const rebuilding = async () => {
      while (!isOver) {
        // What may be lost without opening anything: what gives. What refuses is the commands' own to write.
        for (const key of story.tokens
          .map(({ id }) => Access.tokenRowKey(id))
          .filter((one) => keys().includes(one))) {
          const { registers } = rowAt(key)
          if (registers.grant && random() < 0.2)
            register(key, 'grant', registers.grant.rank, { planted: true })
        }
        await rebuild({ write: true })
      }
    }
    await Promise.all([traffic(), rebuilding()])
    await delivered(world.platform)
    await rebuild({ write: true })
    expect(await rebuild()).toMatchObject({ differing: 0 })
    await rowsOf(world.platform)
  })
})
