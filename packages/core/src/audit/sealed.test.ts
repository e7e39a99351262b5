import { describe, expect, it } from 'vitest'
import type { EventOf } from '../events/catalog.ts'
import { Audit, type Leaf, type Linked, type ReadSeal } from './index.ts'

const FIRST = '2026-03-01'

const eventOn = (day: string, n: number): EventOf =>
  ({
    id: `evt_${n}`,
    subject: `tok_${n}`,
    time: `${day}T12:00:00.000Z`,
    entityversion: 1,
    previoushash: '',
    data: { n },
  }) as unknown as EventOf

const linked = (event: EventOf): Linked => {
  const link = Audit.linkOf(event)
  if (!link) throw new Error('an event is an event')
  return link
}

/** The seal of each day, over one event each unless given; in place of the signed text stands what would be signed. */
const sealsOf = (days: readonly (readonly EventOf[])[]): readonly ReadSeal[] => {
  const seals: ReadSeal[] = []
  for (const [index, events] of days.entries()) {
    const leaves = events.map(Audit.leafOf)
    const before = seals.at(-1)
    const day = Audit.dayAfter(FIRST, index)
    const claims = Audit.claimsOf({
      ...{ day, leaves, parts: 1, issuer: 'i', now: Audit.startOfDay(day) },
      previous: before && { seal: before.seal },
    })
    seals.push({ claims: { ...claims, kid: 'key_1' }, seal: JSON.stringify(claims), leaves })
  }
  return seals
}

const EVENTS = [0, 1, 2, 3, 4].map((n) => eventOn(Audit.dayAfter(FIRST, n), n))
const SEALS = sealsOf(EVENTS.map((event) => [event]))
const LINKS = EVENTS.map(linked)

const sealFaults = (seals: readonly ReadSeal[]) =>
  Audit.faultsOfSeals(seals).map(({ fault, entity }) => [fault, entity])
const underSeals = (links: readonly Linked[], seals = SEALS) =>
  Audit.faultsUnderSeals(seals, links).map(({ fault, entity }) => [fault, entity])

describe('the seals', () => {
  it('are in line, and none is too few', () => {
    expect(sealFaults(SEALS)).toEqual([])
    expect(sealFaults([])).toEqual([])
  })

  it.each([1, 2, 3])('show that the %i. after the first is missing', (missing) => {
    expect(sealFaults(SEALS.toSpliced(missing, 1))).toEqual([
      ['seal_missing', Audit.sealIdOf(Audit.dayAfter(FIRST, missing))],
    ])
  })

  it('show that the first is missing', () => {
    expect(sealFaults(SEALS.slice(1))).toEqual([['seal_missing', Audit.sealIdOf(FIRST)]])
  })

  it('show that one was made anew, over the same events or others', () => {
    const [, second] = SEALS
    if (!second) throw new Error('there are five')
    const anew = { ...second, seal: `${second.seal} ` }
    expect(sealFaults(SEALS.with(1, anew))).toEqual([['seal_missing', second.claims.jti]])
  })

  it('show that the events kept with them are others, fewer, more, or in another order', () => {
    const seals = sealsOf([[eventOn(FIRST, 7), eventOn(FIRST, 8)]])
    const [seal] = seals
    if (!seal) throw new Error('there is one')
    const [one, two] = seal.leaves
    const keptWith = (leaves: readonly (Leaf | undefined)[]) =>
      sealFaults([{ ...seal, leaves: leaves.filter((leaf) => leaf !== undefined) }])
    expect(keptWith([one, two])).toEqual([])
    for (const leaves of [[one], [two, one], [one, two, two], [], [one, one]])
      expect(keptWith(leaves)).toEqual([['seal_leaves_changed', Audit.sealIdOf(FIRST)]])
  })
})

describe('the events under the seals', () => {
  it('are there as they were, and what came since is no concern of theirs', () => {
    expect(underSeals(LINKS)).toEqual([])
    const since = [eventOn(Audit.dayAfter(FIRST, 5), 9), eventOn(Audit.dayAfter(FIRST, 4), 10)].map(linked)
    expect(underSeals([...LINKS, ...since])).toEqual([])
    expect(underSeals(LINKS, [])).toEqual([])
  })

  it('are missed by entity and version when they are gone, though nobody else knows of them', () => {
    expect(underSeals(LINKS.slice(1))).toEqual([['sealed_event_missing', 'tok_0']])
  })

  it('show that one is another now, even where its whole chain was computed anew', () => {
    const forged = linked({ ...EVENTS[2], actor: 'con_forged' } as EventOf)
    expect(underSeals(LINKS.with(2, forged))).toEqual([['sealed_event_changed', 'tok_2']])
  })

  it('show one that says it happened long ago, of which no seal knows', () => {
    const slipped = linked(eventOn(Audit.dayAfter(FIRST, 4 - Audit.LATE_DAYS), 11))
    expect(underSeals([...LINKS, slipped])).toEqual([['event_unsealed', 'tok_11']])
    const late = linked(eventOn(Audit.dayAfter(FIRST, 4 - Audit.LATE_DAYS + 1), 12))
    expect(underSeals([...LINKS, late])).toEqual([])
  })
})
