import { gunzipSync } from 'node:zlib'
import type { LoggedDecision } from '@countersign/core/decision-log'
import * as DecisionLog from '@countersign/core/decision-log/module'
import type { CloudWatchLogsEvent } from 'aws-lambda'
import * as z from 'zod'
import { account } from '../runtime/accounting.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'

/** CloudWatch Logs puts about 1 MB into one delivery; what unpacks to more is no delivery of its. */
const LARGEST_DELIVERY_BYTES = 33_554_432

const Delivery = z.object({
  messageType: z.enum(['DATA_MESSAGE', 'CONTROL_MESSAGE']),
  logEvents: z.array(z.object({ timestamp: z.number(), message: z.string() })),
})

/** Follows the authorizers' logs, off the road of every request. A line about something else is passed over. */
export const make =
  (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log' | 'pause'>) =>
  async ({ awslogs }: CloudWatchLogsEvent): Promise<void> => {
    const lines = decisionsIn(awslogs.data, services)
    const cause = { actor: 'decision-log', correlationId: services.newId('event'), now: services.clock() }
    await account(services, lines, cause)
  }

export const handler = lambda(make, { ledger })

const decisionsIn = (data: string, { log }: Pick<Services, 'log'>): readonly LoggedDecision[] => {
  const unpacked = gunzipSync(Buffer.from(data, 'base64'), { maxOutputLength: LARGEST_DELIVERY_BYTES })
  const { messageType, logEvents } = Delivery.parse(JSON.parse(unpacked.toString()))
  if (messageType === 'CONTROL_MESSAGE') return [] // CloudWatch Logs asks whether anybody is there
  const read = logEvents.map(({ message, timestamp }) => DecisionLog.readDecision(message, timestamp))
  const unreadable = read.filter((line) => !line.ok && line.error === 'unreadable').length
  if (unreadable > 0) log({ level: 'warn', message: 'lines of the decision log cannot be read', unreadable })
  return read.flatMap((line) => (line.ok ? [line.value] : []))
}
