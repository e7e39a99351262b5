import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../shared/json.ts'
import { catalog, isEventType } from './catalog.ts'
import { fact, parseEvent, recordFacts } from './envelope.ts'

const cause = { actor: 'ann', correlationId: 'c', now: new Date('2026-01-01T00:00:00.000Z') }
const suspended = fact('consumer.suspended', { consumerId: 'con_1', suspendedAt: cause.now.toISOString() })
const resumed = fact('consumer.resumed', { consumerId: 'con_1', resumedAt: cause.now.toISOString() })

let ids = 0
const record = (facts: Parameters<typeof recordFacts>[2], end = { version: 0, head: '' }) =>
  recordFacts('con_1', end, facts, cause, () => `evt_${++ids}` as never)

describe('recording facts', () => {
  it('gives them consecutive versions, each with the hash of the one before', () => {
    const [first, second] = record([suspended, resumed])
    expect(first).toMatchObject({ entityversion: 1, previoushash: '', subject: 'con_1', actor: 'ann' })
    expect(second).toMatchObject({ entityversion: 2, previoushash: digestOf(first) })
    const [third] = record([suspended], { version: 2, head: digestOf(second) })
    expect(third).toMatchObject({ entityversion: 3, previoushash: digestOf(second) })
  })

  it('shows an edit of any member in the hash', () => {
    const [event] = record([suspended])
    for (const name of Object.keys(event ?? {}))
      expect(digestOf({ ...event, [name]: 'edited' })).not.toBe(digestOf(event))
  })

  it('throws on a fact that is not what the catalog says, and drops what it does not know', () => {
    expect(() =>
      record([fact('consumer.suspended', { consumerId: 'tok_1' as never, suspendedAt: 'now' })]),
    ).toThrow()
    const [event] = record([{ ...suspended, data: { ...suspended.data, token: 'a.b.c' } } as never])
    expect(JSON.stringify(event)).not.toContain('a.b.c')
  })
})

describe('reading an event', () => {
  const [event] = record([suspended])
  const reasonOf = (value: unknown) => {
    const parsed = parseEvent(value)
    return parsed.ok ? 'read' : parsed.error.reason
  }

  it('gives back what was recorded, after a journey as JSON', () => {
    expect(parseEvent(JSON.parse(JSON.stringify(event)))).toEqual({ ok: true, value: event })
  })

  it.for<[string, object]>([
    ['an unknown type', { type: 'consumer.renamed' }],
    ['a type of JavaScript', { type: 'constructor' }],
    ['a type of JavaScript', { type: '__proto__' }],
    ['another source', { source: 'api-hub' }],
    ['no version', { entityversion: 0 }],
    ['half a version', { entityversion: 1.5 }],
    ['a shape newer than this reader', { dataversion: 2 }],
    ['a time that is none', { time: 'yesterday' }],
    ['no data', { data: undefined }],
    ['the data of another event', { type: 'token.revoked' }],
    ['an id of another kind', { id: 'tok_1' }],
  ])('refuses %s', ([, more]) => {
    expect(reasonOf({ ...event, ...more })).toBe('event_unreadable')
  })

  it('says what it could not read', () => {
    const detailOf = (more: object) => {
      const parsed = parseEvent({ ...event, ...more })
      return parsed.ok ? '' : parsed.error.detail
    }
    expect(detailOf({ type: 'consumer.renamed' })).toBe('no event of the type "consumer.renamed" exists')
    expect(detailOf({ dataversion: 2 })).toBe(
      'version 2 of "consumer.suspended" is newer than what this reader knows',
    )
    expect(detailOf({ entityversion: 0 })).toContain('entityversion')
    expect(detailOf({ data: { consumerId: 'con_1' } })).toContain('suspendedAt')
  })

  it('is a total function', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }), (value) => {
        expect(reasonOf(value)).toBe('event_unreadable')
      }),
      { seed: 7, numRuns: 500 },
    )
  })

  it('takes nothing for the data of an event that has none of it', () => {
    for (const [type, { data }] of Object.entries(catalog)) {
      expect(data.safeParse({}).success, type).toBe(false)
      expect(reasonOf({ ...event, type, data: {} }), type).toBe('event_unreadable')
    }
  })

  it('knows exactly the catalog', () => {
    for (const [type, definition] of Object.entries(catalog)) expect(definition.type).toBe(type)
    for (const type of Object.keys(catalog)) expect(isEventType(type)).toBe(true)
    for (const type of ['', 'toString', 'token.Issued', 'token.issued '])
      expect(isEventType(type)).toBe(false)
  })
})
