import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { clientSettings, within } from './calls.ts'

const LIMIT_MILLISECONDS = 5_000

/** Lays a message among the dead letters. Nothing but what gives something up loads this, and it hardly ever does. */
export const layDeadLetter = async (
  QueueUrl: string,
  message: object,
  client = new SQSClient({ ...clientSettings(2_000), useQueueUrlAsEndpoint: false }),
): Promise<void> => {
  const command = new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(message) })
  await within(LIMIT_MILLISECONDS, 'giving an event up', (limit) => client.send(command, limit))
}
