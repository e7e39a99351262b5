import { Session } from '@countersign/core/session'
import { SigningKey } from '@countersign/core/signing-key'
import { rotations } from '@countersign/topology'
import { describe, expect, it } from 'vitest'
import { localBus } from '../runtime/bus.ts'
import { openDatabase } from '../store/database.ts'
import { sqliteQueues } from '../store/sqlite-queues.ts'
import { rotateWhenDue } from './schedules.ts'
import { localServices } from './services.ts'

const DAY = 86_400_000

const begin = () => {
  const database = openDatabase(':memory:')
  const queues = sqliteQueues(database)
  const state = { now: Date.parse('2026-03-01T12:00:00Z') }
  const clock = () => new Date(state.now)
  const quiet = () => {}
  const services = localServices({
    ...{ database, queues, clock, identities: Session.NOBODY, log: quiet, committed: quiet, sent: quiet },
    bus: localBus({ queues, clock, adversity: undefined, sent: quiet }),
    settings: { issuer: 'urn:test', ringRefreshSeconds: 1 },
    unrelayed: () => 0,
  })
  return { services, pass: (milliseconds: number) => (state.now += milliseconds) }
}

describe.each(Object.entries(rotations))('the rotation %s on one machine', (_, rotation) => {
  it('makes the first key, and another once the newest is as old as the topology says', async () => {
    const { services, pass } = begin()
    const store = { KeyRing: services.keyRing, SealKeys: services.sealKeys }[rotation.secret]
    const kids = async () => {
      const text = (await store.current())?.text
      return text ? SigningKey.readRing(text).keys.map(({ kid }) => kid) : []
    }
    await rotateWhenDue(services, rotation)
    const first = await kids()
    expect(first).toHaveLength(1)
    pass(rotation.everyDays * DAY - 1_000)
    await rotateWhenDue(services, rotation)
    expect(await kids()).toEqual(first)
    pass(1_000)
    await rotateWhenDue(services, rotation)
    await rotateWhenDue(services, rotation)
    expect(await kids()).toEqual([...first, expect.any(String)])
  })
})
