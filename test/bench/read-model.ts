import { atMost, type Bench, type Figure, type Limit } from './figure.ts'
import { type Housing, startHousing } from './housing.ts'
import { median, quantile, samples } from './measure.ts'
import { inBurst, type Passage, roadOf } from './road.ts'

const ONE_BY_ONE = 300
const BURST = 500
const BURST_CONNECTIONS = 64

/** What event → read model may take on this machine (platform contract §11). */
export const LOCAL_LIMITS: LagLimits = { p99: atMost(100) }

export interface LagLimits {
  readonly p50?: Limit
  readonly p99?: Limit
}

/** From the acknowledgement of the commit that brought `token.issued` to the token's row being readable. */
export const readModel: Bench = async () => {
  const housing = await startHousing()
  try {
    const single = await oneAtATime(housing, ONE_BY_ONE, LOCAL_LIMITS)
    const road = roadOf(housing)
    await inBurst(road.issue, BURST, BURST_CONNECTIONS)
    const burst = await road.taken()
    road.close()
    return [
      ...single.figures,
      {
        name: 'event → read model: median / command',
        value: single.ratio,
        unit: 'x',
        against: 'one at a time, beside the command that caused it',
        ratio: single.ratio,
      },
      ...lagFigures(`burst of ${BURST}`, burst, LOCAL_LIMITS),
    ]
  } finally {
    await housing.world.stop()
  }
}

/** One token after the other, each when the one before can be read; `ratio`: of the medians of lag and command. */
export const oneAtATime = async (housing: Housing, count: number, limits: LagLimits) => {
  const road = roadOf(housing)
  const commands: number[] = []
  const passages: Passage[] = []
  for (let one = 0; one < count; one++) {
    commands.push(await road.issue())
    passages.push(...(await road.taken()))
  }
  road.close()
  const command = median(samples(commands))
  const figures = lagFigures(
    'one at a time',
    passages,
    limits,
    `; the command itself ${command.toFixed(1)} ms`,
  )
  return { figures, ratio: median(samples(passages.map(lagOf))) / command }
}

const lagOf = ({ acknowledgedAt, readableAt }: Passage): number => readableAt - acknowledgedAt

export const lagFigures = (
  load: string,
  passages: readonly Passage[],
  limits: LagLimits,
  beside = '',
): readonly Figure[] => {
  const measured = samples(passages.map(lagOf))
  const against = `${passages.length} tokens, ${load}${beside}`
  const name = `event → read model, ${load}`
  return [
    {
      name: `${name}: p50`,
      value: median(measured),
      unit: 'ms',
      against,
      ...(limits.p50 && { limit: limits.p50 }),
    },
    {
      name: `${name}: p99`,
      value: quantile(measured, 0.99),
      unit: 'ms',
      against,
      ...(limits.p99 && { limit: limits.p99 }),
    },
  ]
}
