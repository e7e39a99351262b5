import type { Publisher } from '@countersign/core/events'
import type { Connector } from '../connected.ts'
import { lazily } from '../lazily.ts'
import { Name, Url, variable } from '../variables.ts'

export const publisher: Connector<Publisher> = async () => {
  const { eventBridgePublisher } = await import('@countersign/aws/event-bridge-publisher')
  return (environment) =>
    lazily(() =>
      eventBridgePublisher({
        busName: variable(environment, 'BUS_NAME', Name),
        deadLetterQueueUrl: () => variable(environment, 'UNPUBLISHED_QUEUE_URL', Url),
      }),
    )
}
