import { isDeepStrictEqual } from 'node:util'
import type { EventOf } from '@countersign/core/events'
import type { Change } from '@countersign/core/ledger'
import { ok } from '@countersign/core/shared'
import { exactly, type Figure } from './figure.ts'
import type { Housing } from './housing.ts'
import { lagSeries, sparkline, throughput } from './lag-series.ts'
import { times } from './measure.ts'
import { lagFigures } from './read-model.ts'
import { membersOf, roadOf } from './road.ts'

export interface Measured {
  readonly figures: readonly Figure[]
  /** Lines beside the figures. */
  readonly notes: readonly string[]
}

/** Every so many events are put on the bus once more, as EventBridge may do. */
const TWICE = 10

/** Tokens to a transaction: a state and an event each, of the hundred items that DynamoDB takes. */
const TOGETHER = 20
const TRANSACTIONS_AT_ONCE = 4

/**
 * So many tokens, decided before and committed at once, twenty to a transaction: what arrives, when, and what came of
 * it. The commands' own speed is no part of it.
 */
export const burstOf = async (housing: Housing, events: number): Promise<Measured> => {
  const { services, settled } = housing.world
  const changes = await decided(housing, events)
  const issued: EventOf[] = []
  const again: Promise<unknown>[] = []
  const road = roadOf(housing, (event) => {
    issued.push(event)
    if (issued.length % TWICE === 0) again.push(services.publisher.publish([event]))
  })
  await times(changes.length, TRANSACTIONS_AT_ONCE, async () => {
    const change = changes.pop()
    const saved = change && (await road.commit(change))
    if (!saved?.ok) throw new Error(`not committed: ${JSON.stringify(saved?.error)}`)
  })
  const passages = await road.taken()
  road.close()
  await Promise.all(again)
  await settled()
  const { stepMilliseconds, outstanding } = lagSeries(passages)
  return {
    figures: [
      ...(await effectOf(housing, issued, again.length)),
      ...lagFigures(`burst of ${events}`, passages, {}),
      {
        name: `burst of ${events}: through the pipeline`,
        value: throughput(passages),
        unit: '/s',
        against: `events from the first commit to the last row, ${TOGETHER} to a transaction`,
      },
    ],
    notes: [
      `events outstanding, every ${stepMilliseconds / 1_000} s: ${outstanding.join(' ')}  ${sparkline(outstanding)}`,
    ],
  }
}

/** What so many commands would have saved; what they read is read once. */
const decided = async ({ world, issue }: Housing, count: number): Promise<Change[]> => {
  const { ledger, keyRing } = world.services
  const single: Change[] = []
  const known = new Map<string, Promise<unknown>>()
  const once = <T>(key: string, read: () => Promise<T>): Promise<T> => {
    const found = (known.get(key) as Promise<T> | undefined) ?? read()
    known.set(key, found)
    return found
  }
  const ports = {
    ledger: {
      ...membersOf(ledger),
      load: ((kind, id) => once(`${kind} ${id}`, () => ledger.load(kind, id))) as typeof ledger.load,
      claim: (name: string) => once(name, () => ledger.claim(name)),
      commit: async (change: Change) => {
        single.push(change)
        return ok(undefined)
      },
    },
    keyRing: { current: () => once('ring', () => keyRing.current()) } as typeof keyRing,
  }
  for (let token = 0; token < count; token++) await issue(ports)
  return Array.from({ length: Math.ceil(count / TOGETHER) }, (_, at) =>
    together(single.slice(at * TOGETHER, (at + 1) * TOGETHER)),
  )
}

const together = (changes: readonly Change[]): Change => ({
  entities: changes.flatMap(({ entities }) => entities),
  claims: changes.flatMap(({ claims = [] }) => claims),
  access: changes.flatMap(({ access = [] }) => access),
})

/** The read model beside what the log makes of it, and each row beside its one event. */
const effectOf = async (
  { world }: Housing,
  issued: readonly EventOf[],
  twice: number,
): Promise<readonly Figure[]> => {
  const { rebuilt, live } = await world.readModels()
  const keys = [...new Set([...rebuilt.keys(), ...live.keys()])]
  const different = keys.filter((key) => !isDeepStrictEqual(rebuilt.get(key), live.get(key)))
  const rowOf = ({ subject }: EventOf) => live.get(`token#${subject}`)
  const arrived = issued.filter((event) => rowOf(event)?.registers.grant?.rank === event.entityversion)
  const against = `${issued.length} tokens issued, ${twice} of their events put on the bus twice`
  const name = `burst of ${issued.length}`
  return [
    {
      name: `${name}: rows at the version of their event`,
      value: new Set(arrived.map(({ subject }) => subject)).size,
      unit: 'rows',
      against,
      limit: exactly(issued.length),
    },
    {
      name: `${name}: rows that the event log makes otherwise`,
      value: different.length,
      unit: 'rows',
      against: `${keys.length} rows compared with the rebuild; ${against}`,
      limit: exactly(0),
    },
  ]
}
