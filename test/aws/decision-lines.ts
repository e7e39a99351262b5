import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { CloudWatchLogsEvent } from 'aws-lambda'

/** A refusal as the authorizer logs it. */
export const deniedLine = (gateway: string): string =>
  JSON.stringify({
    time: new Date().toISOString(),
    level: 'info',
    message: 'decision',
    decisionId: `dec_${randomUUID().replaceAll('-', '')}`,
    latencyMilliseconds: 1.2,
    outcome: 'deny',
    reason: 'token_malformed',
    gateway,
  })

/** What a subscription filter hands to a function: documented by CloudWatch Logs ("Using subscription filters"). */
export const deliveryOf = (lines: readonly string[], timestamp = Date.now()): CloudWatchLogsEvent => {
  const logEvents = lines.map((message, index) => ({
    id: String(index).padStart(56, '0'),
    timestamp,
    message,
  }))
  const body = {
    messageType: 'DATA_MESSAGE',
    owner: '123456789012',
    logGroup: '/countersign/test/Authorizer',
    logStream: '2026/03/01/[$LATEST]0123456789abcdef',
    subscriptionFilters: ['AccountDecisions'],
    logEvents,
  }
  return { awslogs: { data: gzipSync(JSON.stringify(body)).toString('base64') } }
}
