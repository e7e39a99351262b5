import type { PipelineStatus, SubscriptionStatus } from '@countersign/client'
import { answer } from '../answer.ts'
import type { Command } from '../command.ts'
import { printable, table } from '../table.ts'
import { relative } from '../time.ts'
import { repeatable } from './shared-options.ts'
import { counted } from './token-view.ts'

export const pipeline: readonly Command[] = [
  {
    name: 'pipeline',
    summary: 'Shows queues and dead letters between the ledger and the subscribers',
    run: async (context) => {
      const { pipeline } = await context.client()
      const now = context.terminal.now()
      return answer(context, await pipeline.status(), (status) => describe(status, now))
    },
  },
  {
    name: 'pipeline redrive',
    arguments: ['SUBSCRIPTION'],
    summary: 'Puts the dead letters of a subscription back into its queue',
    run: async (context) => {
      const { pipeline } = await context.client()
      const done = await pipeline.redrive(context.given.argument(0), repeatable(context))
      return answer(context, done, ({ subscription, redriven }) =>
        redriven === 0
          ? `${printable(subscription)} has no dead letters.\n`
          : `${counted(redriven, 'dead letter')} of ${printable(subscription)} put back.\n`,
      )
    },
  },
]

const describe = ({ unrelayed, subscriptions, fence = [] }: PipelineStatus, now: Date): string =>
  [
    `Events not on the bus yet: ${unrelayed ?? 'not known'}\n`,
    subscriptions.length === 0
      ? 'There are no subscriptions.\n'
      : table(subscriptions, {
          SUBSCRIPTION: ({ name }) => name,
          WAITING: ({ waiting }) => waiting,
          'IN FLIGHT': ({ inFlight }) => inFlight,
          DEAD: ({ dead }) => dead,
        }),
    ...(fence.length === 0
      ? []
      : [
          `Refused for everybody:\n${table(fence, {
            ENTRY: ({ entry }) => entry,
            SINCE: ({ since }) => relative(since, now),
            'ISSUED BEFORE': ({ issuedBefore }) => issuedBefore,
          })}`,
        ]),
    ...subscriptions.filter(({ deadLetters }) => deadLetters.length > 0).map(describeDead),
  ].join('\n')

const describeDead = ({ name, deadLetters }: SubscriptionStatus): string =>
  `Dead letters of ${printable(name)}, oldest first; "countersign pipeline redrive ${printable(name)}" tries again:\n${table(
    deadLetters,
    {
      EVENT: ({ eventId }) => eventId ?? 'unreadable',
      TYPE: ({ eventType }) => eventType,
      RECEIVES: ({ receives }) => receives,
      'LAST ERROR': ({ lastError }) => lastError,
    },
  )}`
