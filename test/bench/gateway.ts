import { atLeast, type Bench, exactly, type Figure } from './figure.ts'
import { type Load, load } from './load.ts'
import { median, quantile, samples } from './measure.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

const CONNECTIONS = 32
/** Until what is called often has been compiled for good, in each of them. */
const WARMING_ROUNDS = 4
const ROUNDS = 9
const ROUND_MILLISECONDS = 1_000
const AFTER_MILLISECONDS = 500

/** nginx with `auth_request` beside such a server, on the machine that the target comes from: 4,200 of 7,000 a second. */
const SHARE = 0.6

/** Ours answering in the process, as the server beside it does; ours in front of an upstream; what a team would write itself. */
const SERVERS = {
  ours: ['serve-gateway.ts'],
  proxying: ['serve-gateway.ts', 'upstream'],
  fastify: ['serve-fastify.ts'],
} as const satisfies Record<string, readonly [string, ...string[]]>

type Name = keyof typeof SERVERS
const NAMES = Object.keys(SERVERS) as Name[]

interface Round extends Load {
  /** Microseconds of the server's processor time for one request. */
  readonly processor: number
}

/** Requests a second over 32 connections, each server in a process of its own, by turns in one run. */
export const gateway: Bench = async () => {
  const servers = {} as Record<Name, ServerProcess>
  try {
    for (const name of NAMES) servers[name] = await start(name)
    const rounds: Record<Name, Round[]> = { ours: [], proxying: [], fastify: [] }
    for (let round = 0; round < WARMING_ROUNDS; round++) {
      for (const name of NAMES) await measured(servers[name])
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of round % 2 === 0 ? NAMES : NAMES.toReversed())
        rounds[name].push(await measured(servers[name]))
    }
    return [...speeds(rounds), ...(await acceptedAfterwards(servers))]
  } finally {
    for (const server of Object.values(servers)) await server.stop()
  }
}

const start = (name: Name): Promise<ServerProcess> => {
  const [module, ...given] = SERVERS[name]
  return startServerProcess(module, ...given)
}

const measured = async (server: ServerProcess): Promise<Round> => {
  const before = await server.processor()
  const done = await load(server.target, CONNECTIONS, ROUND_MILLISECONDS)
  const refused = [...done.statuses].find(([status]) => status !== 200)
  if (refused) throw new Error(`${server.target.path} was answered with ${refused[0]}`)
  return { ...done, processor: ((await server.processor()) - before) / done.latencies.length }
}

const perSecond = ({ latencies, milliseconds }: Load) => (latencies.length * 1_000) / milliseconds

const speeds = (rounds: Readonly<Record<Name, readonly Round[]>>): readonly Figure[] => {
  const middle = (name: Name, of: (round: Round) => number) => median(samples(rounds[name].map(of)))
  const processor = (name: Name) => middle(name, (round) => round.processor)
  const share = median(
    samples(rounds.ours.map((round, index) => perSecond(round) / perSecond(rounds.fastify[index] ?? round))),
  )
  const speed = (name: Name, what: string): Figure => {
    const latencies = samples(rounds[name].flatMap((round) => round.latencies))
    const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)].map((value) => value.toFixed(1))
    return {
      name: `gateway: ${what}`,
      value: middle(name, perSecond),
      unit: '/s',
      against: `p50 ${p50} ms, p99 ${p99} ms, ${processor(name).toFixed(0)} µs of processor each; ${CONNECTIONS} connections`,
    }
  }
  return [
    speed('ours', 'the authorizer and SQLite, answering itself'),
    speed('proxying', 'the same before an upstream'),
    speed('fastify', 'Fastify, @fastify/jwt and a set in memory'),
    {
      name: 'gateway: ours / Fastify',
      value: share,
      unit: 'x',
      against: `requests a second, median of ${ROUNDS} rounds by turns`,
      limit: atLeast(SHARE),
      ratio: 1 / share,
    },
    {
      name: 'gateway: processor time, ours / Fastify',
      value: processor('ours') / processor('fastify'),
      unit: 'x',
      against: 'for one request',
      ratio: processor('ours') / processor('fastify'),
    },
  ]
}

/** Every connection anew, after each server has acknowledged that the token is revoked. */
const acceptedAfterwards = async (
  servers: Readonly<Record<Name, ServerProcess>>,
): Promise<readonly Figure[]> => {
  let [accepted, asked] = [0, 0]
  for (const name of ['ours', 'proxying'] as const) {
    await servers[name].revoke()
    const { statuses, latencies } = await load(servers[name].target, CONNECTIONS, AFTER_MILLISECONDS)
    accepted += latencies.length - (statuses.get(401) ?? 0)
    asked += latencies.length
  }
  return [
    {
      name: 'gateway: accepted after the revocation',
      value: accepted,
      unit: 'requests',
      against: `${asked} asked with the revoked token`,
      limit: exactly(0),
    },
  ]
}
