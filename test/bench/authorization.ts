import type { Figure } from './figure.ts'
import { byTurns, type Load } from './gateway.ts'
import type { Decided, Housing } from './housing.ts'
import { median, quantile, samples } from './measure.ts'

export interface Authorized {
  readonly figures: readonly Figure[]
  /** Every decision of the token route, from the authorizer's own log. */
  readonly decisions: readonly Decided[]
}

/** One caller through the gateway, with the authorizer and without, and what the authorizer says of its own share. */
export const authorizationOf = async (
  housing: Housing,
  load: Omit<Load, 'connections'>,
): Promise<Authorized> => {
  const { token } = await housing.issue()
  await housing.world.settled()
  const since = new Date()
  const routes = await byTurns(housing, token, { ...load, connections: 1 })
  const decisions = (await housing.decisions(since)).slice(1)
  const own = samples(decisions.map(({ latencyMilliseconds }) => latencyMilliseconds))
  const calls = `${routes.token.sorted.length} and ${routes.open.sorted.length} calls, one at a time, by turns`
  const said = `${decisions.length} lines of the decision log, warm`
  const figure = (name: string, value: number, against: string): Figure => ({
    name: `authorization, warm: ${name}`,
    value,
    unit: 'ms',
    against,
  })
  return {
    decisions,
    figures: [
      figure('token route p50', median(routes.token), calls),
      figure('token route p99', quantile(routes.token, 0.99), calls),
      figure('open route p50', median(routes.open), calls),
      figure("the authorizer's share of p50", median(routes.token) - median(routes.open), calls),
      figure('the decision itself p50', median(own), said),
      figure('the decision itself p99', quantile(own, 0.99), said),
    ],
  }
}
