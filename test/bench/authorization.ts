import type { Figure } from './figure.ts'
import { type Decided, type Housing, NOTICE, TENANCY } from './housing.ts'
import { load } from './load.ts'
import { median, quantile, type Samples, samples } from './measure.ts'

export interface Authorized {
  readonly figures: readonly Figure[]
  /** Every decision of the token route, from the authorizer's own log. */
  readonly decisions: readonly Decided[]
}

/** Latencies in milliseconds of the two routes of the same gateway and upstream. */
interface Routes {
  /** With an authorizer before it. */
  readonly token: Samples
  readonly open: Samples
}

const ROUND_MILLISECONDS = 500

/** One caller through the gateway, with the authorizer and without, and what the authorizer says of its own share. */
export const authorizationOf = async (housing: Housing, rounds: number): Promise<Authorized> => {
  const { token } = await housing.issue()
  await housing.world.settled()
  const since = new Date()
  const routes = await byTurns(housing.world.gateway, token, rounds)
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

const byTurns = async (gateway: string, token: string, rounds: number): Promise<Routes> => {
  const called = async (path: string): Promise<readonly number[]> => {
    const { origin, pathname } = new URL(gateway)
    const target = { origin, path: pathname.replace(/\/$/, '') + path, token }
    const { latencies, statuses } = await load(target, 1, ROUND_MILLISECONDS)
    const refused = [...statuses.keys()].find((status) => status !== 200)
    if (refused !== undefined) throw new Error(`${path} was answered with ${refused}`)
    return latencies
  }
  const measured = { token: [] as number[], open: [] as number[] }
  await called(TENANCY)
  await called(NOTICE)
  for (let round = 0; round < rounds; round++) {
    measured.token.push(...(await called(TENANCY)))
    measured.open.push(...(await called(NOTICE)))
  }
  return { token: samples(measured.token), open: samples(measured.open) }
}
