import type { Pipeline } from '@countersign/core/events'
import type { Connector } from '../connected.ts'
import { lazily } from '../lazily.ts'
import { Queues, variable } from '../variables.ts'

export const pipeline: Connector<Pipeline> = async () => {
  const { sqsPipeline } = await import('@countersign/aws/sqs-pipeline')
  return (environment) =>
    lazily(() => sqsPipeline({ queues: variable(environment, 'SUBSCRIPTION_QUEUES', Queues) }))
}
