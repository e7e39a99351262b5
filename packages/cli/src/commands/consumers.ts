import type { Client, Consumer, Outcome } from '@countersign/client'
import { answer, list, PAGING } from '../answer.ts'
import type { Command, Context } from '../command.ts'
import { relative } from '../time.ts'
import { describeConsumer } from './consumer-view.ts'
import { handOut } from './hand-out.ts'
import { SECRET_FILE, SHOWN_SECRET } from './self-signing.ts'
import { NOTE, repeatable } from './shared-options.ts'

const TYPES = ['service', 'partner', 'person'] as const

const describeAt =
  ({ terminal }: Context) =>
  (consumer: Consumer): string =>
    describeConsumer(consumer, terminal.now())

/** One step of a consumer's life: who it is, and how it stands afterwards. */
const step = (
  name: string,
  summary: string,
  options: Command['options'],
  take: (consumers: Client['consumers'], id: string, context: Context) => Promise<Outcome<Consumer>>,
): Command => ({
  name,
  arguments: ['ID'],
  summary,
  ...(options && { options }),
  run: async (context) => {
    const { consumers } = await context.client()
    return answer(context, await take(consumers, context.given.argument(0), context), describeAt(context))
  },
})

export const consumers: readonly Command[] = [
  {
    name: 'consumers register',
    summary: 'Registers a consumer: who holds tokens',
    options: {
      name: { value: 'NAME', help: 'what people call it', required: true },
      type: { value: 'TYPE', help: TYPES.join(', '), required: true },
      owner: { value: 'OWNER', help: 'who answers for it', required: true },
      'self-signing': { help: 'it signs its own tokens, with a key that is shown once' },
      'longest-token-seconds': { value: 'SECONDS', help: 'of those tokens; 900 unless given' },
      ...SECRET_FILE,
    },
    run: async (context) => {
      const { given } = context
      const body = {
        name: given.required('name'),
        type: given.oneOf('type', TYPES),
        owner: given.required('owner'),
      }
      if (given.flag('self-signing')) {
        const longestTokenSeconds = given.wholeNumber('longest-token-seconds')
        const signing = { ...body, selfSigning: { longestTokenSeconds } }
        return handOut(
          context,
          (client) => client.consumers.register(signing, repeatable(context)),
          SHOWN_SECRET,
        )
      }
      const { consumers } = await context.client()
      return answer(context, await consumers.register(body, repeatable(context)), describeAt(context))
    },
  },
  {
    name: 'consumers list',
    summary: 'Lists consumers',
    options: PAGING,
    run: (context) =>
      list(context, ({ consumers }, paging) => consumers.list(paging), {
        columns: {
          ID: ({ id }) => id,
          NAME: ({ name }) => name,
          TYPE: ({ type }) => type,
          OWNER: ({ owner }) => owner,
          STATUS: ({ status }) => status,
          REGISTERED: ({ registeredAt }) => relative(registeredAt, context.terminal.now()),
        },
        empty: 'No consumer is registered.',
      }),
  },
  step('consumers show', 'Shows a consumer', undefined, (consumers, id) => consumers.show(id)),
  step(
    'consumers suspend',
    'Refuses all tokens of a consumer until it is resumed',
    NOTE,
    (consumers, id, context) =>
      consumers.suspend(id, { note: context.given.text('note') }, repeatable(context)),
  ),
  step(
    'consumers resume',
    'Accepts the tokens of a suspended consumer again',
    undefined,
    (consumers, id, context) => consumers.resume(id, repeatable(context)),
  ),
]
