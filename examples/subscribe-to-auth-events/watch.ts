import { type EventOf, type EventType, parseEvent } from '@countersign/core/events'
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'

/** What the watch needs of the world: somewhere to keep its account, and somebody to wake. */
export interface Account {
  /** False when an event of this id was kept before: deliveries are at least once. */
  keep(event: EventOf): Promise<boolean>
  /** The entity's last event that was kept, by its version; undefined for the first. */
  last(subject: string): Promise<Pick<EventOf, 'entityversion'> | undefined>
  wake(alarm: Alarm): Promise<void>
  /** A line of the function's own log. */
  note(line: string): void
}

export interface Alarm {
  readonly because: EventType | 'gap'
  readonly subject: string
  readonly text: string
}

/** What nobody should read about in a report next month. */
const ALARMING: { readonly [T in EventType]?: (event: EventOf<T>) => string | undefined } = {
  'signing-key.compromised': ({ data }) => `the signing key ${data.kid} was given up`,
  'token.revoked': ({ data }) =>
    data.reason === 'compromised' ? `the token ${data.tokenId} was in other hands` : undefined,
  'consumer.suspended': ({ data }) => `everything of ${data.consumerId} is refused`,
  'key-ring.rotation-failed': ({ data }) => `the keys were not rotated: ${data.reason}`,
}

const alarmIn = <T extends EventType>(event: EventOf<T>): string | undefined => {
  const alarming = ALARMING[event.type] as ((one: EventOf<T>) => string | undefined) | undefined
  return alarming?.(event)
}

/**
 * An audit consumer of one's own: keeps every auth event once, wakes somebody for a few of them, and for a gap in the log
 * of an entity. A message that cannot be read comes back by itself and ends in the dead letters; its neighbours do not.
 */
export const watch =
  (account: Account) =>
  async (batch: SQSEvent): Promise<SQSBatchResponse> => {
    const batchItemFailures: SQSBatchResponse['batchItemFailures'] = []
    for (const { messageId, body } of batch.Records) {
      try {
        await take(account, eventIn(body))
      } catch (error) {
        account.note(`message ${messageId} was not kept: ${String(error)}`)
        batchItemFailures.push({ itemIdentifier: messageId })
      }
    }
    return { batchItemFailures }
  }

const eventIn = (body: string): EventOf => {
  const event = parseEvent(JSON.parse(body).detail)
  if (!event.ok) throw new Error(event.error.detail)
  return event.value
}

const take = async (account: Account, event: EventOf): Promise<void> => {
  const { subject, entityversion: version } = event
  const before = await account.last(subject)
  if (!(await account.keep(event))) return
  const text = alarmIn(event)
  if (text !== undefined) await account.wake({ because: event.type, subject, text })
  // Between entities there is no order, and within one a later event may come first: look again before calling anybody.
  if (version > (before?.entityversion ?? 0) + 1)
    await account.wake({ because: 'gap', subject, text: `version ${version} came without those before it` })
}
