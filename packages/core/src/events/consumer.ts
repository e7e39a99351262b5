import { z } from 'zod'
import { Instant, idOf, Line } from '../shared/schema.ts'
import { defineEvent } from './define.ts'

export const CONSUMER_TYPES = ['service', 'partner', 'person'] as const

export const ConsumerRegistered = defineEvent(
  'consumer.registered',
  1,
  'Somebody who will hold tokens was registered.',
  z.object({ consumerId: idOf('consumer'), name: Line, type: z.enum(CONSUMER_TYPES), owner: Line }),
)

export const ConsumerSuspended = defineEvent(
  'consumer.suspended',
  1,
  'Every token of the consumer is refused until the consumer is resumed.',
  z.object({ consumerId: idOf('consumer'), suspendedAt: Instant, note: z.string().optional() }),
)

export const ConsumerResumed = defineEvent(
  'consumer.resumed',
  1,
  'The tokens of a suspended consumer are accepted again.',
  z.object({ consumerId: idOf('consumer'), resumedAt: Instant }),
)
