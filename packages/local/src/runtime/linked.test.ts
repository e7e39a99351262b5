import { Session } from '@countersign/core/session'
import { describe, expect, it } from 'vitest'
import { localServices } from '../platform/services.ts'
import { openDatabase } from '../store/database.ts'
import { sqliteQueues } from '../store/sqlite-queues.ts'
import { localBus } from './bus.ts'
import { linked } from './linked.ts'

const quiet = () => {}
const database = openDatabase(':memory:')
const queues = sqliteQueues(database)
const clock = () => new Date('2026-11-23T08:00:00Z')
const services = localServices({
  database,
  queues,
  bus: localBus({ queues, clock, adversity: undefined, sent: quiet }),
  clock,
  settings: { issuer: 'urn:countersign:local', ringRefreshSeconds: 1 },
  log: quiet,
  identities: Session.NOBODY,
  committed: quiet,
  sent: quiet,
  unrelayed: () => 0,
})

const write = { row: 'fence#0', register: 'kid#key_1', rank: 1, value: null, by: 'command' } as const

describe('the ports of a function', () => {
  it('do what its links open', async () => {
    const { ledger, keyRing, pipeline } = linked(services, 'a function', [
      'ledger:write',
      'key-ring:read',
      'queues:inspect',
    ])
    expect(await ledger.load('consumer', 'con_1')).toMatchObject({ version: 0 })
    expect(await ledger.commit({ entities: [] })).toEqual({ ok: true, value: undefined })
    expect(await keyRing.current()).toBeUndefined()
    expect((await pipeline.status()).subscriptions.length).toBeGreaterThan(0)
  })

  it('throw where a role would refuse on AWS, and say what is missing', () => {
    const { ledger, accessRows, keyRing, publisher, pipeline } = linked(services, 'a function', [
      'ledger:read',
      'key-ring:read',
    ])
    const query = { labels: [], limit: 1, after: undefined }
    expect(() => ledger.list('consumer', query)).toThrow('no link of a function opens ledger.list')
    expect(() => ledger.events(query)).toThrow('ledger.events')
    expect(() => ledger.commit({ entities: [] })).toThrow('ledger.commit')
    expect(() => accessRows.write([write])).toThrow('accessRows.write')
    expect(() => keyRing.promote('2', '1')).toThrow('keyRing.promote')
    expect(() => publisher.publish([])).toThrow('publisher.publish')
    expect(() => pipeline.redrive('ProjectAccess')).toThrow('pipeline.redrive')
  })

  it('begin something new without being able to look anything up', async () => {
    const { ledger } = linked(services, 'a function', ['ledger:append'])
    expect(await ledger.commit({ entities: [] })).toEqual({ ok: true, value: undefined })
    expect(() => ledger.load('consumer', 'con_1')).toThrow('no link of a function opens ledger.load')
    expect(() => ledger.idempotency('key')).toThrow('ledger.idempotency')
  })

  it('take no access away in a command without the link to the read model', async () => {
    const change = { entities: [], access: [write] }
    expect(() => linked(services, 'a function', ['ledger:write']).ledger.commit(change)).toThrow('read model')
    const both = linked(services, 'a function', ['ledger:write', 'access:write'])
    expect(await both.ledger.commit(change)).toEqual({ ok: true, value: undefined })
  })
})
