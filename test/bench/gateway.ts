import type { Bench } from './figure.ts'
import { type Caller, callerOf, NOTICE, startHousing, TENANCY } from './housing.ts'
import { median, quantile, type Samples, samples } from './measure.ts'

const CONNECTIONS = 8
const ROUNDS = 10
const ROUND_MILLISECONDS = 500

/** The same gateway and upstream, with an authorizer before the route and without, by turns. */
export const gateway: Bench = async () => {
  const { world, issue } = await startHousing()
  const { call, close } = callerOf(world.gateway, CONNECTIONS)
  try {
    const { token } = await issue()
    await world.settled()
    const kinds = { token: () => expecting200(call, TENANCY, token), open: () => expecting200(call, NOTICE) }
    const measured = { token: [] as number[], open: [] as number[] }
    for (const kind of ['token', 'open'] as const) await during(ROUND_MILLISECONDS, kinds[kind])
    for (let round = 0; round < ROUNDS; round++) {
      for (const kind of ['token', 'open'] as const)
        measured[kind].push(...(await during(ROUND_MILLISECONDS, kinds[kind])))
    }
    return figuresOf(samples(measured.token), samples(measured.open))
  } finally {
    close()
    await world.stop()
  }
}

const expecting200 = async (call: Caller, path: string, token?: string): Promise<void> => {
  const status = await call(path, token)
  if (status !== 200) throw new Error(`${path} was answered with ${status}`)
}

/** Latencies in milliseconds of what was called for so long, on every connection at once. */
const during = async (milliseconds: number, work: () => Promise<void>): Promise<readonly number[]> => {
  const latencies: number[] = []
  const end = performance.now() + milliseconds
  const connection = async () => {
    for (let start = performance.now(); start < end; start = performance.now()) {
      await work()
      latencies.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  return latencies
}

const figuresOf = (token: Samples, open: Samples) => {
  const perSecond = ({ sorted }: Samples) => (sorted.length * 1_000) / (ROUNDS * ROUND_MILLISECONDS)
  const latencies = (measured: Samples) =>
    `p50 ${median(measured).toFixed(1)} ms, p99 ${quantile(measured, 0.99).toFixed(1)} ms, ${CONNECTIONS} connections`
  const ratio = perSecond(open) / perSecond(token)
  return [
    { name: 'gateway, with the authorizer', value: perSecond(token), unit: '/s', against: latencies(token) },
    { name: 'gateway, an open route', value: perSecond(open), unit: '/s', against: latencies(open) },
    {
      name: 'gateway: open / with the authorizer',
      value: ratio,
      unit: 'x',
      against: 'requests per second, by turns',
      ratio,
    },
    {
      name: 'gateway: median latency, with / open',
      value: median(token) / median(open),
      unit: 'x',
      against: 'by turns',
      ratio: median(token) / median(open),
    },
  ] as const
}
