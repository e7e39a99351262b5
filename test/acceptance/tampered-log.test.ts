import { verifyLog } from '@countersign/client'
import type { EventOf } from '@countersign/core/events'
import { digestOf } from '@countersign/core/shared'
import { afterAll, describe, expect, it } from 'vitest'
import { done, openWorld } from '../support/world.ts'
import { auditLog, consumer } from './given.ts'

const world = await openWorld()
afterAll(() => world.stop())
const { consumers } = world.client

/** A consumer whose log has five events. */
const suspendedTwice = async (): Promise<string> => {
  const { id } = await consumer(world.client, 'Whose log somebody changes')
  done(await consumers.suspend(id))
  done(await consumers.resume(id))
  done(await consumers.suspend(id))
  done(await consumers.resume(id))
  return id
}

const verdict = async (entity?: string) => {
  const verified = await verifyLog(world.client, { entity })
  if (!verified.ok) throw new Error(JSON.stringify(verified.error))
  return verified.value
}

const faultsOf = async (entity: string) =>
  (await verdict(entity)).findings.map(({ fault, version }) => [fault, version])

const at = (id: string, version: number) => ({ kind: 'consumer', id, version }) as const
const rewritten = (change: (event: EventOf) => object) => (text: string) =>
  JSON.stringify(change(JSON.parse(text) as EventOf))

describe('a log that nobody changed', () => {
  it('is whole, of one entity and of all', async () => {
    const id = await suspendedTwice()
    expect(await verdict(id)).toMatchObject({ entities: 1, events: 5, findings: [] })
    const all = await verdict()
    expect(all.findings).toEqual([])
    expect(all.entities).toBeGreaterThan(1)
    expect(all.events).toBeGreaterThanOrEqual((await auditLog(world.client)).length - 1)
  })

  it('is whole while somebody writes to it', async () => {
    const { id } = await consumer(world.client, 'Who is written about')
    const writing = (async () => {
      for (let turn = 0; turn < 5; turn++) {
        done(await consumers.suspend(id))
        done(await consumers.resume(id))
      }
    })()
    for (let read = 0; read < 3; read++) expect((await verdict()).findings).toEqual([])
    await writing
    expect(await verdict(id)).toMatchObject({ entities: 1, events: 11, findings: [] })
  })
})

describe('a log that somebody changed by hand', () => {
  it('shows an event whose content was changed', async () => {
    const id = await suspendedTwice()
    const undo = await world.tamper.event(
      at(id, 2),
      rewritten((event) => ({ ...event, actor: 'con_nobody' })),
    )
    expect(await verdict(id)).toMatchObject({
      findings: [{ fault: 'event_changed', entity: id, version: 2, eventId: expect.stringMatching(/^evt_/) }],
    })
    expect((await verdict()).findings).toMatchObject([{ fault: 'event_changed', entity: id, version: 2 }])
    await undo()
    expect(await faultsOf(id)).toEqual([])
  })

  it('shows that the last event was changed, which nothing follows', async () => {
    const id = await suspendedTwice()
    const undo = await world.tamper.event(
      at(id, 5),
      rewritten((event) => ({ ...event, time: event.time.replace('20', '19') })),
    )
    expect(await faultsOf(id)).toEqual([['event_changed', 5]])
    await undo()
  })

  it('shows an event that was taken out', async () => {
    const id = await suspendedTwice()
    const undo = await world.tamper.event(at(id, 3), () => undefined)
    expect(await faultsOf(id)).toEqual([['event_missing', 3]])
    await undo()
    expect(await faultsOf(id)).toEqual([])
  })

  it('shows two events that changed places', async () => {
    const id = await suspendedTwice()
    const texts: string[] = []
    const undone = [
      await world.tamper.event(at(id, 2), (text) => {
        texts.push(text)
        return text
      }),
      await world.tamper.event(at(id, 3), (text) => {
        texts.push(text)
        return texts[0]
      }),
      await world.tamper.event(at(id, 2), () => texts[1]),
    ]
    expect(await faultsOf(id)).toEqual([['event_out_of_place', 2]])
    for (const undo of undone.toReversed()) await undo()
    expect(await faultsOf(id)).toEqual([])
  })

  it('shows a tail that was cut off', async () => {
    const id = await suspendedTwice()
    const undone = [
      await world.tamper.event(at(id, 5), () => undefined),
      await world.tamper.event(at(id, 4), () => undefined),
    ]
    expect(await faultsOf(id)).toEqual([['tail_missing', 4]])
    for (const undo of undone.toReversed()) await undo()
  })

  it('shows that all of it was cut off', async () => {
    const { id } = await consumer(world.client, 'Whose log is gone')
    const undo = await world.tamper.event(at(id, 1), () => undefined)
    expect(await faultsOf(id)).toEqual([['tail_missing', 1]])
    await undo()
  })

  it('shows an event that is none any more, and tells of all other entities', async () => {
    const id = await suspendedTwice()
    const undo = await world.tamper.event(at(id, 3), () => 'not { JSON')
    expect(await world.client.audit.events({ entity: id })).toMatchObject({
      error: { problem: { status: 500, code: 'log_damaged', detail: expect.stringContaining(id) } },
    })
    expect(await faultsOf(id)).toEqual([['event_unreadable', undefined]])
    expect((await verdict()).findings).toMatchObject([{ fault: 'event_unreadable', entity: id }])
    await undo()
    expect((await verdict()).findings).toEqual([])
  })

  it('shows an event that was made another entity’s', async () => {
    const [id, other] = [await suspendedTwice(), await suspendedTwice()]
    const undo = await world.tamper.event(
      at(id, 3),
      rewritten((event) => ({ ...event, subject: other })),
    )
    expect(await faultsOf(id)).toEqual([
      ['event_out_of_place', 3],
      ['event_missing', 3],
    ])
    await undo()
  })
})

describe('commands on an entity whose log was changed', () => {
  it('go on after a changed event, which shows ever after', async () => {
    const id = await suspendedTwice()
    const changed = rewritten((event) => ({ ...event, actor: 'con_nobody' }))
    const undo = await world.tamper.event(at(id, 5), changed)
    expect(done(await consumers.suspend(id)).status).toBe('suspended')
    expect(await faultsOf(id)).toEqual([['event_changed', 5]])
    await undo()
    expect(await verdict(id)).toMatchObject({ entities: 1, events: 6, findings: [] })
  })

  it('are refused where the state was put back and the log goes on after it, and change nothing', async () => {
    const id = await suspendedTwice()
    const log = await auditLog(world.client, { entity: id })
    const undo = await world.tamper.end({ kind: 'consumer', id }, () => ({
      version: 4,
      head: digestOf(log[3]),
    }))
    expect(await consumers.suspend(id)).toMatchObject({
      error: { problem: { status: 500, code: 'log_damaged' } },
    })
    expect(await auditLog(world.client, { entity: id })).toEqual(log)
    expect(await faultsOf(id)).toEqual([['head_behind', 5]])
    await undo()
    expect(done(await consumers.suspend(id)).status).toBe('suspended')
  })
})
