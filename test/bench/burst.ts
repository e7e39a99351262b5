import { isDeepStrictEqual } from 'node:util'
import type { EventOf } from '@countersign/core/events'
import { atMost, exactly, type Figure } from './figure.ts'
import type { Housing } from './housing.ts'
import { lagSeries, sparkline, throughput } from './lag-series.ts'
import { type LagLimits, lagFigures } from './read-model.ts'
import { inBurst, roadOf } from './road.ts'

export interface BurstLoad {
  readonly events: number
  readonly connections: number
  readonly limits: LagLimits
}

export interface Measured {
  readonly figures: readonly Figure[]
  /** Lines beside the figures. */
  readonly notes: readonly string[]
}

/** Every so many events are put on the bus once more, as EventBridge may do. */
const TWICE = 10

/** As many tokens as fast as they can be issued: what arrives, in which order of time, and what came of it. */
export const burstOf = async (
  housing: Housing,
  { events, connections, limits }: BurstLoad,
): Promise<Measured> => {
  const { services, settled } = housing.world
  const issued: EventOf[] = []
  const again: Promise<unknown>[] = []
  const road = roadOf(housing, (event) => {
    if (event.type !== 'token.issued') return
    issued.push(event)
    if (issued.length % TWICE === 0) again.push(services.publisher.publish([event]))
  })
  await inBurst(road.issue, events, connections)
  const passages = await road.taken()
  road.close()
  await Promise.all(again)
  await settled()
  const { stepMilliseconds, outstanding } = lagSeries(passages)
  return {
    figures: [
      ...(await effectOf(housing, issued, again.length)),
      ...lagFigures(`burst of ${events}`, passages, limits),
      {
        name: `burst of ${events}: events through the pipeline`,
        value: throughput(passages),
        unit: '/s',
        against: `from the first commit to the last row, ${connections} commands at a time`,
      },
    ],
    notes: [
      `events outstanding, every ${stepMilliseconds / 1_000} s: ${outstanding.join(' ')}  ${sparkline(outstanding)}`,
    ],
  }
}

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
      limit: atMost(0),
    },
  ]
}
