import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redacted } from '@countersign/core/shared'
import type { GatewayPlan } from '@countersign/core/usage-plan'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase } from '../store/database.ts'
import { sqliteGatewayKeys } from '../store/sqlite-gateway-keys.ts'
import { createMeter, type Meter } from './usage.ts'

const AT = { accountId: '111111111111', region: 'eu-west-2', gatewayId: 'abc123', stage: 'staging' }
const route = (path: string) => ({ method: 'GET', path, authorization: 'api-key' }) as const
const [THINGS, OTHERS] = [route('/things/{id}'), route('/others')]
const VALUE = 'a value of some length'
const plan = (more: Partial<GatewayPlan> = {}): GatewayPlan => ({
  name: 'plan',
  description: '',
  stages: [AT],
  methods: [],
  ...more,
})

let now = Date.UTC(2026, 0, 1)
let database = openDatabase(':memory:')
let keys = sqliteGatewayKeys(database)
let meter: Meter
/** As after a restart: what is in memory is gone. */
const restart = () => {
  meter = createMeter(keys, () => new Date(now))
}

beforeEach(() => {
  now = Date.UTC(2026, 0, 1)
  database = openDatabase(':memory:')
  keys = sqliteGatewayKeys(database)
  restart()
})
afterEach(() => database.close())

const given = async (wanted: GatewayPlan) => {
  await keys.putPlan(wanted)
  await keys.setKeys('k', [{ name: 'k.1', value: new Redacted(VALUE), plans: [wanted.name] }])
}
const ask = (asked = THINGS, value = VALUE, coordinates = AT) => {
  const refused = meter.refusal(value, { coordinates, route: asked })
  return refused ? [refused.status, refused.headers['retry-after']] : [200, undefined]
}
const statuses = (count: number, asked = THINGS) => Array.from({ length: count }, () => ask(asked)[0])

describe('a key', () => {
  it('opens the stages of its plans and nothing else', async () => {
    await given(plan())
    expect(ask()).toEqual([200, undefined])
    expect(ask(THINGS, 'another value of that length')[0]).toBe(401)
    for (const other of [{ stage: 'production' }, { gatewayId: 'def456' }, { accountId: '222222222222' }])
      expect(ask(THINGS, VALUE, { ...AT, ...other })[0]).toBe(401)
    expect(meter.refusal(VALUE, { coordinates: AT, route: undefined })?.status).toBe(401)
  })

  it('opens nothing where its plan was closed, and again where it is not', async () => {
    await given(plan())
    await keys.closePlan('plan')
    expect(ask()[0]).toBe(401)
    await keys.putPlan(plan())
    expect(ask()[0]).toBe(200)
  })
})

describe('a token bucket', () => {
  const throttle = { rateLimit: 0.5, burstLimit: 2 }

  it('lets a burst through, then says when the next may come', async () => {
    await given(plan({ throttle }))
    expect(statuses(3)).toEqual([200, 200, 429])
    expect(ask()).toEqual([429, '2'])
    now += 2_000
    expect(statuses(2)).toEqual([200, 429])
  })

  it('is one for all routes, but for a route with limits of its own', async () => {
    const own = { method: 'GET', path: '/things/{other}', rateLimit: 1, burstLimit: 1 } as const
    await given(plan({ throttle, methods: [own] }))
    expect(statuses(2)).toEqual([200, 429])
    expect(statuses(3, OTHERS)).toEqual([200, 200, 429])
  })

  it('is each key’s own', async () => {
    await given(plan({ throttle }))
    await keys.setKeys('other', [
      { name: 'other.1', value: new Redacted('the value of the other'), plans: ['plan'] },
    ])
    expect(statuses(3)).toEqual([200, 200, 429])
    expect(ask(THINGS, 'the value of the other')[0]).toBe(200)
  })
})

describe('a quota', () => {
  const quota = { limit: 2, period: 'day' } as const

  it('is over until the day is, in UTC, whatever is restarted', async () => {
    await given(plan({ quota }))
    now = Date.UTC(2026, 0, 1, 23, 0)
    expect(statuses(3)).toEqual([200, 200, 429])
    restart()
    expect(ask()).toEqual([429, '3600'])
    now = Date.UTC(2026, 0, 2)
    expect(statuses(3)).toEqual([200, 200, 429])
  })

  it.each([
    ['day', '2026-03-01T00:00:00Z'],
    ['week', '2026-03-01T00:00:00Z'], // a Sunday
    ['month', '2026-03-01T00:00:00Z'],
  ] as const)(
    'of a %s is kept in the file, and is there anew when the next one begins',
    async (period, end) => {
      const folder = mkdtempSync(join(tmpdir(), 'countersign-'))
      const file = join(folder, 'state.sqlite')
      const reopen = () => {
        database.close()
        database = openDatabase(file)
        keys = sqliteGatewayKeys(database)
        restart()
      }
      reopen()
      await given(plan({ quota: { limit: 2, period } }))
      now = Date.parse(end) - 2_000
      expect(statuses(1)).toEqual([200])
      reopen()
      expect(statuses(2)).toEqual([200, 429])
      reopen()
      expect(ask()).toEqual([429, '2'])
      now = Date.parse(end)
      expect(statuses(3)).toEqual([200, 200, 429])
      rmSync(folder, { recursive: true, force: true })
    },
  )

  it('is not used up by what the bucket refuses', async () => {
    await given(plan({ quota: { ...quota, limit: 3 }, throttle: { rateLimit: 1, burstLimit: 2 } }))
    expect(statuses(9)).toEqual([200, 200, ...Array.from({ length: 7 }, () => 429)])
    now += 1_000
    expect(ask()[0]).toBe(200)
    now += 1_000
    expect(ask()).toEqual([429, String(86_400 - 2)])
  })

  it('counts on when it is raised, and is over at once when it is lowered', async () => {
    await given(plan({ quota }))
    expect(statuses(2)).toEqual([200, 200])
    await keys.putPlan(plan({ quota: { limit: 3, period: 'day' } }))
    expect(statuses(2)).toEqual([200, 429])
    await keys.putPlan(plan({ quota: { limit: 1, period: 'day' } }))
    expect(ask()[0]).toBe(429)
  })
})
