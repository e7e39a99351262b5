import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../shared/json.ts'
import { Audit, type Head, type Linked } from './index.ts'

const ENTITY = 'tok_1'

/** A log of so many events, each with the hash of the one before. */
const logOf = (length: number): readonly object[] => {
  const log: object[] = []
  for (let version = 1; version <= length; version++) {
    const before = log.at(-1)
    log.push({
      id: `evt_${version}`,
      subject: ENTITY,
      entityversion: version,
      previoushash: before ? digestOf(before) : '',
      data: { n: version },
    })
  }
  return log
}

const linksOf = (log: readonly unknown[]): readonly Linked[] =>
  log.flatMap((event) => Audit.linkOf(event) ?? [])

const headOf = (log: readonly object[]): Head => ({
  kind: 'token',
  id: ENTITY,
  version: log.length,
  head: digestOf(log.at(-1)),
})

const faults = (log: readonly unknown[], head: Head | undefined) =>
  Audit.faultsOfChain(ENTITY, linksOf(log), head).map(({ fault, version }) => [fault, version])

const LOG = logOf(5)
const HEAD = headOf(LOG)

describe('the chain of an entity', () => {
  it.each([1, 2, 17])('is whole with %i events', (length) => {
    const log = logOf(length)
    expect(faults(log, headOf(log))).toEqual([])
  })

  it.each([1, 2, 3, 4, 5])('shows that version %i was changed', (version) => {
    const log = LOG.map((event, index) => (index === version - 1 ? { ...event, data: 'other' } : event))
    expect(faults(log, HEAD)).toEqual([['event_changed', version]])
  })

  it('shows a link that was changed at both of its ends', () => {
    const log = LOG.map((event, index) => (index === 2 ? { ...event, previoushash: 'sha-256:x' } : event))
    expect(faults(log, HEAD)).toEqual([
      ['event_changed', 2],
      ['event_changed', 3],
    ])
  })

  it('shows a beginning that follows something', () => {
    const log = [{ ...LOG[0], previoushash: 'sha-256:x' }]
    expect(faults(log, { ...HEAD, version: 1, head: digestOf(log[0]) })).toEqual([['event_changed', 1]])
  })

  it('names every gap by its first version', () => {
    const log = [LOG[0], LOG[2], ...LOG.slice(4)]
    expect(faults(log, HEAD)).toEqual([
      ['event_missing', 2],
      ['event_missing', 4],
    ])
    expect(faults(LOG.slice(2), HEAD)).toEqual([['event_missing', 1]])
  })

  it('names a tail that is gone, and all of it', () => {
    expect(faults(LOG.slice(0, 3), HEAD)).toEqual([['tail_missing', 4]])
    expect(faults([], HEAD)).toEqual([['tail_missing', 1]])
  })

  it('names what is told twice or after a later one', () => {
    const [first, second, third, ...rest] = LOG
    expect(faults([first, third, second, ...rest], HEAD)).toEqual([['event_out_of_place', 2]])
    expect(faults([first, first, second, third, ...rest], HEAD)).toEqual([['event_out_of_place', 1]])
  })

  it('names a head that was put back, one of another event, and one that is gone', () => {
    expect(faults(LOG, { ...headOf(LOG.slice(0, 3)) })).toEqual([['head_behind', 4]])
    expect(faults(LOG, { ...HEAD, head: 'sha-256:x' })).toEqual([['event_changed', 5]])
    expect(faults(LOG, undefined)).toEqual([['entity_missing', undefined]])
    expect(faults([], undefined)).toEqual([])
  })

  it('says what is wrong in words that name the versions', () => {
    const said = (log: readonly unknown[], head: Head | undefined = HEAD) =>
      Audit.faultsOfChain(ENTITY, linksOf(log), head).map(({ detail }) => detail)
    const [first, second, third, fourth, fifth] = LOG
    const other = { ...fourth, data: 'other' }
    expect(said([first, third, second, fourth, fifth])).toEqual(['version 2 is told after version 3'])
    expect(said([first, second, second, third, fourth, fifth])).toEqual(['version 2 is told twice'])
    expect(said([first, third, fourth, fifth])).toEqual(['version 2 is not in the log'])
    expect(said([first, fourth, fifth])).toEqual(['versions 2 to 3 are not in the log'])
    expect(said(LOG.slice(0, 4))).toEqual([
      'version 5 is not in the log, and the head of the entity comes after',
    ])
    expect(said([first, second, third, other, fifth])).toEqual(['version 5 follows another version 4'])
    expect(said(LOG, { ...HEAD, head: 'x' })).toEqual(['the head of the entity is of another version 5'])
    expect(said(LOG, headOf(LOG.slice(0, 3)))).toEqual(['the entity stands at version 3, its log ends at 5'])
    expect(Audit.faultsOfChain(ENTITY, linksOf(LOG), undefined)).toEqual([
      ...[
        { fault: 'entity_missing', entity: ENTITY, detail: 'its events are there, the entity itself is not' },
      ],
    ])
    const begun = { ...first, previoushash: 'x' }
    expect(said([begun], headOf([begun]))).toEqual(['the first event says that it follows another'])
  })

  it('shows every way to take out, double or exchange events', () => {
    const order = fc.array(fc.integer({ min: 0, max: LOG.length - 1 }), { maxLength: 8 })
    fc.assert(
      fc.property(order, (indexes) => {
        const isWhole = indexes.join() === LOG.map((_, index) => index).join()
        const found = faults(
          indexes.map((index) => LOG[index]),
          HEAD,
        )
        expect(found.length === 0).toBe(isWhole)
      }),
    )
  })

  it.each([
    undefined,
    null,
    'text',
    [],
    {},
    { ...LOG[0], entityversion: 0 },
    { ...LOG[0], subject: 7 },
    { ...LOG[0], id: 7 },
    { ...LOG[0], previoushash: null },
  ])('has no place for %o', (value) => {
    expect(Audit.linkOf(value)).toBeUndefined()
  })
})
