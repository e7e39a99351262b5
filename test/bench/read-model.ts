import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Access } from '@countersign/core/access'
import type { Change } from '@countersign/core/ledger'
import { make as makeIssueToken } from '@countersign/functions/http/issue-token'
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { atMost, type Bench, type Figure } from './figure.ts'
import { callerOf, type Housing, startHousing } from './housing.ts'
import { median, quantile, samples } from './measure.ts'

const ONE_BY_ONE = 300
const BURST = 500
const BURST_CONNECTIONS = 64

/** From the acknowledgement of the commit that brought `token.issued` to the token's row being readable. */
export const readModel: Bench = async () => {
  const lags = watching()
  const housing = await startHousing({
    onStep: (step) => {
      if (step === 'handled') lags.look()
    },
  })
  try {
    const { accessRows, ledger } = housing.world.platform.services
    lags.reader = async (key) => Access.grantOf((await accessRows.read([key])).get(key)) !== undefined
    const commit: typeof ledger.commit = async (change) => {
      const saved = await ledger.commit(change)
      lags.acknowledged(change)
      return saved
    }
    const issue = issuing(housing, { ...ledger, commit })
    const commands: number[] = []
    const single: number[] = []
    for (let count = 0; count < ONE_BY_ONE; count++) {
      commands.push(await issue())
      single.push(...(await lags.taken()))
    }
    const command = median(samples(commands))
    await inBurst(issue)
    const burst = await lags.taken()
    return [
      ...figures('one at a time', single, command),
      {
        name: 'event → read model: median / command',
        value: median(samples(single)) / command,
        unit: 'x',
        against: 'one at a time, beside the command that caused it',
        ratio: median(samples(single)) / command,
      },
      ...figures(`burst of ${BURST}`, burst, command),
    ]
  } finally {
    await housing.world.stop()
  }
}

/** Seen when a subscriber has handled a batch, oldest first: a queue is read in its order, ten at a time. */
const LOOKED_AT = 20
const LONGEST_MILLISECONDS = 30_000

const watching = () => {
  const outstanding = new Map<string, number>()
  const milliseconds: number[] = []
  let emptied: () => void = () => {}
  const lags = {
    reader: async (_key: string): Promise<boolean> => false,
    acknowledged: ({ entities }: Change): void => {
      for (const { kind, id } of entities)
        if (kind === 'token') outstanding.set(Access.tokenRowKey(id), performance.now())
      lags.look()
    },
    look: (): void => {
      for (const [key, since] of [...outstanding].slice(0, LOOKED_AT))
        void lags.reader(key).then(seen(key, since))
    },
    /** What was measured since it was asked last, once nothing is on its way. */
    taken: async (): Promise<readonly number[]> => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      emptied = resolve
      if (outstanding.size === 0) resolve()
      const late = setTimeout(reject, LONGEST_MILLISECONDS, new Error(`${outstanding.size} rows never came`))
      await promise.finally(() => clearTimeout(late))
      return milliseconds.splice(0)
    },
  }
  const seen = (key: string, since: number) => (readable: boolean) => {
    if (!readable || !outstanding.delete(key)) return
    milliseconds.push(performance.now() - since)
    if (outstanding.size === 0) emptied()
  }
  return lags
}

/** Over the wire, as they would come: an event loop that is asked by itself would first do all the commands. */
const inBurst = async (issue: () => Promise<unknown>): Promise<void> => {
  const server = createServer((_, answer) => {
    issue().then(
      () => answer.end(),
      () => answer.writeHead(500).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const { call, close } = callerOf(`http://127.0.0.1:${port}`, BURST_CONNECTIONS)
  try {
    const statuses = await Promise.all(Array.from({ length: BURST }, () => call('/')))
    if (statuses.some((status) => status !== 200)) throw new Error('not every token of the burst was issued')
  } finally {
    close()
    server.close()
  }
}

type Ledger = Housing['world']['platform']['services']['ledger']

/** `POST /tokens` as API Gateway hands it to the function, without the network before it. */
const issuing = ({ world, wanted }: Housing, ledger: Ledger) => {
  const issue = makeIssueToken({ ...world.platform.services, ledger })
  const event = {
    httpMethod: 'POST',
    path: '/tokens',
    resource: '/tokens',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(wanted),
    isBase64Encoded: false,
    requestContext: { requestId: 'bench', authorizer: { consumerId: 'con_bench' } },
  } as unknown as APIGatewayProxyEvent
  return async (): Promise<number> => {
    const start = performance.now()
    const { statusCode, body } = await issue(event)
    if (statusCode !== 201) throw new Error(`no token was issued: ${statusCode} ${body}`)
    return performance.now() - start
  }
}

const figures = (load: string, lags: readonly number[], commands: number): readonly Figure[] => {
  const measured = samples(lags)
  const [half, most] = [median(measured), quantile(measured, 0.99)]
  const against = `${lags.length} tokens, ${load}; the command itself ${commands.toFixed(1)} ms`
  return [
    { name: `event → read model, ${load}: p50`, value: half, unit: 'ms', against },
    { name: `event → read model, ${load}: p99`, value: most, unit: 'ms', against, limit: atMost(100) },
  ]
}
