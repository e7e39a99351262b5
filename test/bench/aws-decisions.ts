import { authorizer } from '@countersign/topology'
import { type Fault, type FaultProxy, startFaultProxy } from '../aws/fault-proxy.ts'
import { coldStart, seeing } from '../aws/levers.ts'
import type { AwsHousing } from './aws-housing.ts'
import type { Measured } from './burst.ts'
import {
  billedMilliseconds,
  costOfMillion,
  type Item,
  LAMBDA_LINES_BYTES,
  readUnitsOf,
  totalOf,
} from './cost.ts'
import { exactly, type Figure } from './figure.ts'
import { type Caller, callerOf, type Decided, TENANCY } from './housing.ts'
import { median, samples } from './measure.ts'
import { inColumns } from './report.ts'

const COLD_STARTS = 10
const COUNTED = 100

/** What only the deployed system has: function environments that are new, and calls to AWS that are paid for. */

/** The first request that a new environment serves: Node, the import, the key ring, a new connection, the decision. */
export const coldOf = async (housing: AwsHousing): Promise<readonly Figure[]> => {
  const { token } = await housing.issue()
  await housing.world.settled()
  const { call, close } = callerOf(housing.world.gateway, 1)
  const since = new Date()
  const latencies: number[] = []
  try {
    for (let start = 0; start < COLD_STARTS; start++) {
      await coldStart(housing.world, 'Authorizer')
      const begun = performance.now()
      await expecting200(call, token)
      latencies.push(performance.now() - begun)
    }
  } finally {
    close()
  }
  const decisions = await housing.decisions(since)
  const against = `${COLD_STARTS} new environments of the authorizer, the backend's warm`
  const own = samples(decisions.map(({ latencyMilliseconds }) => latencyMilliseconds))
  return [
    { name: 'authorization, cold: token route p50', value: median(samples(latencies)), unit: 'ms', against },
    { name: 'authorization, cold: the decision itself p50', value: median(own), unit: 'ms', against },
  ]
}

const expecting200 = async (call: Caller, token: string): Promise<void> => {
  const status = await call(TENANCY, token)
  if (status !== 200) throw new Error(`${TENANCY} was answered with ${status}`)
}

/** Calls and read units of warm decisions, counted on their way, and what a million of them costs. */
export const costOf = async (housing: AwsHousing, decisions: readonly Decided[]): Promise<Measured> => {
  const { calls, readUnits } = await counted(housing)
  const lines = costOfMillion({
    memoryMegabytes: authorizer.memoryMegabytes,
    billedMilliseconds: billedMilliseconds(decisions.map(({ latencyMilliseconds }) => latencyMilliseconds)),
    readUnits,
    logBytes: mean(decisions.map(({ bytes }) => bytes)) + LAMBDA_LINES_BYTES,
  })
  const against = `${COUNTED} warm decisions, counted between the function and DynamoDB`
  const table = inColumns(
    [
      ...lines.map(({ what, arithmetic, dollars }) => [what, arithmetic, `$ ${dollars.toFixed(2)}`]),
      ['a million decisions', '', `$ ${totalOf(lines).toFixed(2)}`],
    ],
    [0, 1],
  )
  return {
    figures: [
      { name: 'calls to AWS per decision', value: calls, unit: 'requests', against, limit: exactly(1) },
      { name: 'read units per decision', value: readUnits, unit: 'units', against },
      {
        name: 'a million decisions cost',
        value: totalOf(lines),
        unit: '$',
        against: `list prices of us-east-1; ${decisions.length} warm decisions took what their log lines say`,
      },
    ],
    notes: [
      'a million decisions, milliseconds as measured here and not on AWS:',
      ...table.split('\n').map((line) => `  ${line}`),
    ],
  }
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

const counted = async (
  housing: AwsHousing,
): Promise<{ readonly calls: number; readonly readUnits: number }> => {
  const { world } = housing
  const { token } = await housing.issue()
  await world.settled()
  const proxy = await startFaultProxy(world.emulator.endpoint)
  const { call, close } = callerOf(world.gateway, 1)
  try {
    return await seeing(world, 'Authorizer', proxy.endpoint, async () => {
      await expecting200(call, token)
      const capacity = countingCapacity(proxy)
      proxy.calls.length = 0
      for (let decision = 0; decision < COUNTED; decision++) await expecting200(call, token)
      return { calls: proxy.calls.length / COUNTED, readUnits: capacity() / COUNTED }
    })
  } finally {
    close()
    await proxy.close()
  }
}

interface Read {
  readonly RequestItems: Readonly<Record<string, { readonly Keys: readonly unknown[] }>>
}
interface ReadAnswer {
  readonly Responses: Readonly<Record<string, readonly Item[]>>
}

/** The emulator does not say what a `BatchGetItem` took, so that it is reckoned from what was asked and answered. */
const countingCapacity = (proxy: FaultProxy): (() => number) => {
  let units = 0
  const counting: Fault = async ({ operation, body, forward }) => {
    const answer = await forward()
    if (operation !== 'BatchGetItem') return answer
    const asked = Object.values((JSON.parse(body) as Read).RequestItems).flatMap(({ Keys }) => Keys)
    const found = Object.values((JSON.parse(answer.body) as ReadAnswer).Responses).flat()
    units += readUnitsOf(asked.length, found)
    return answer
  }
  proxy.fault = counting
  return () => units
}
