import { gzipSync } from 'node:zlib'
import { causesOf } from '@countersign/functions/runtime/http'
import type { LogLine, Services } from '@countersign/functions/runtime/services'
import { logSubscriptions } from '@countersign/topology'
import type { CloudWatchLogsEvent } from 'aws-lambda'
import { makeFrom } from './modules.ts'

const MINUTE_MILLISECONDS = 60_000
/** Of one minute. What does not fit is said to be missing; it has been logged all the same. */
const MOST_WAITING = 20_000
const DELIVERY = 1_000

interface Written {
  readonly timestamp: number
  readonly message: string
}

/** What CloudWatch Logs does for the authorizers' logs: keeps the lines that somebody follows, and delivers them later. */
export interface DecisionLog {
  /** Nothing but memory: this is on the road of every request. */
  take(line: LogLine): void
  /** Delivers every minute from now on. A process that is killed loses what waits: a minute at most. */
  follow(services: Services): { flush(): Promise<void>; stop(): Promise<void> }
}

export const decisionLog = (clock: () => Date): DecisionLog => {
  let waiting: Written[] = []
  let missing = 0
  const take = (line: LogLine) => {
    if (!isFollowed(line)) return
    if (waiting.length >= MOST_WAITING) missing += 1
    else waiting.push({ timestamp: clock().getTime(), message: JSON.stringify(line) })
  }
  const follow: DecisionLog['follow'] = (services) => {
    let last = Promise.resolve()
    const deliverAll = async () => {
      if (missing > 0)
        services.log({ level: 'warn', message: 'decisions are missing in the account of them', missing })
      missing = 0
      const batch = waiting
      waiting = []
      try {
        while (batch.length > 0) {
          await deliver(services, batch.slice(0, DELIVERY))
          batch.splice(0, DELIVERY)
        }
      } catch (error) {
        // The ledger knows what it counted: what was delivered in part comes again whole.
        waiting = [...batch, ...waiting].slice(0, MOST_WAITING)
        services.log({ level: 'error', message: 'decisions were not accounted for', error: causesOf(error) })
      }
    }
    const flush = () => {
      last = last.then(deliverAll)
      return last
    }
    const timer = setInterval(() => void flush(), MINUTE_MILLISECONDS).unref()
    const stop = () => {
      clearInterval(timer)
      return flush()
    }
    return { flush, stop }
  }
  return { take, follow }
}

const { module, takes } = logSubscriptions.AccountDecisions

const EITHER = takes.either.map((members) => Object.entries(members))

const isFollowed = (line: LogLine): boolean =>
  line.message === takes.message &&
  EITHER.some((members) => members.every(([name, value]) => line[name] === value))

const deliver = async (services: Services, lines: readonly Written[]): Promise<void> => {
  const account = await makeFrom<CloudWatchLogsEvent, void>(module, services)
  const logEvents = lines.map((line, index) => ({ id: String(index), ...line }))
  const data = gzipSync(JSON.stringify({ messageType: 'DATA_MESSAGE', logEvents })).toString('base64')
  await account({ awslogs: { data } })
}
