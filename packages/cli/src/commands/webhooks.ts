import type { ShownWebhook, TestedWebhook, Webhook } from '@countersign/client'
import { answer, list, PAGING } from '../answer.ts'
import { type Command, type Context, WrongUsage } from '../command.ts'
import { facts } from '../table.ts'
import { both, relative } from '../time.ts'
import { fileOption, handOut, type ShownOnce } from './hand-out.ts'
import { NOTE, OVERLAP, overlapIn, repeatable } from './shared-options.ts'

const SECRET_FILE = fileOption('secret-file', 'secret')

/** On the version that was read, so that nobody else's change is lost. */
const change = async (context: Context) => {
  const { given } = context
  const [id, events] = [given.argument(0), given.texts('event')]
  const [url, name] = [given.text('url'), given.text('name')]
  if (url === undefined && name === undefined && events.length === 0)
    throw new WrongUsage('give --url, --event or --name')
  const { webhooks } = await context.client()
  const shown = await webhooks.show(id)
  if (!shown.ok) return answer(context, shown, () => '')
  const { body: now, etag } = shown.value
  const body = {
    ...{ url: url ?? now.url, events: events.length > 0 ? events : now.events },
    name: name ?? now.name,
  }
  return answered(context, ({ webhooks }) => webhooks.change(id, body, { ifMatch: etag }))
}

export const webhooks: readonly Command[] = [
  {
    name: 'webhooks register',
    summary: 'Has events sent to a URL, signed',
    details:
      'The secret is the last line of the output, or what --secret-file holds: Standard Webhooks libraries take it as it is. It is shown once, and kept nowhere.',
    options: {
      url: { value: 'URL', help: 'https://HOST/PATH, without query', required: true },
      event: {
        value: 'PATTERN',
        help: 'token.revoked, token.*, or * for everything; as often as needed',
        required: true,
        many: true,
      },
      name: { value: 'NAME', help: 'what people call it' },
      ...SECRET_FILE,
    },
    run: (context) => {
      const { given } = context
      const body = { url: given.required('url'), events: given.texts('event'), name: given.text('name') }
      return handOut(context, ({ webhooks }) => webhooks.register(body, repeatable(context)), SHOWN)
    },
  },
  {
    name: 'webhooks list',
    summary: 'Lists webhooks',
    options: { ...PAGING, state: { value: 'STATE', help: 'enabled, disabled' } },
    run: (context) => {
      const state = context.given.text('state')
      return list(context, ({ webhooks }, paging) => webhooks.list({ ...paging, state }), {
        columns: {
          ID: ({ id }) => id,
          STATE: ({ state }) => state,
          NAME: ({ name }) => name ?? '',
          URL: ({ url }) => url,
          EVENTS: ({ events }) => events.join(', '),
          FAILING: ({ failingSince }) => relative(failingSince, context.terminal.now()),
        },
        empty: 'There is no webhook.',
      })
    },
  },
  {
    name: 'webhooks show',
    arguments: ['ID'],
    summary: 'Shows a webhook, without its secret',
    run: (context) => answered(context, ({ webhooks }) => webhooks.show(context.given.argument(0))),
  },
  {
    name: 'webhooks change',
    arguments: ['ID'],
    summary: 'Leads a webhook somewhere else, or has it hear of other events; the rest stays',
    options: {
      url: { value: 'URL', help: 'https://HOST/PATH, without query' },
      event: {
        value: 'PATTERN',
        help: 'instead of all patterns that it has; as often as needed',
        many: true,
      },
      name: { value: 'NAME', help: 'what people call it' },
    },
    run: change,
  },
  {
    name: 'webhooks test',
    arguments: ['ID'],
    summary: 'Sends an event to a webhook now, and says what came of it',
    run: async (context) => {
      const { webhooks } = await context.client()
      const tested = await webhooks.test(context.given.argument(0), repeatable(context))
      const code = answer(context, tested, described)
      return code === 0 && tested.ok && !tested.value.body.delivered ? 1 : code
    },
  },
  {
    name: 'webhooks rotate',
    arguments: ['ID'],
    summary: 'Gives a webhook a new secret; the one before signs as well for a day',
    options: { ...OVERLAP, ...SECRET_FILE },
    run: (context) => {
      const id = context.given.argument(0)
      const body = overlapIn(context)
      return handOut(context, ({ webhooks }) => webhooks.rotateSecret(id, body, repeatable(context)), SHOWN)
    },
  },
  {
    name: 'webhooks disable',
    arguments: ['ID'],
    summary: 'Sends nothing more to a webhook, not even what waits',
    options: NOTE,
    run: (context) => {
      const { given } = context
      const body = { note: given.text('note') }
      return answered(context, ({ webhooks }) =>
        webhooks.disable(given.argument(0), body, repeatable(context)),
      )
    },
  },
  {
    name: 'webhooks enable',
    arguments: ['ID'],
    summary: 'Sends what happens from now on to a webhook again',
    run: (context) =>
      answered(context, ({ webhooks }) => webhooks.enable(context.given.argument(0), repeatable(context))),
  },
]

type Client = Awaited<ReturnType<Context['client']>>

const answered = async (context: Context, ask: (client: Client) => ReturnType<Client['webhooks']['show']>) =>
  answer(context, await ask(await context.client()), (webhook) => describe(webhook, context.terminal.now()))

const describe = (webhook: Webhook, now: Date): string =>
  facts({
    id: webhook.id,
    state: webhook.state,
    because: webhook.disabledBecause,
    name: webhook.name,
    url: webhook.url,
    events: webhook.events.join(', '),
    registered: both(webhook.registeredAt, now),
    'failing since': both(webhook.failingSince, now),
    changed: both(webhook.changedAt, now),
    rotated: both(webhook.rotatedAt, now),
    'secret before signs until': both(webhook.previousUntil, now),
    disabled: both(webhook.disabledAt, now),
  })

const described = ({ eventId, delivered, outcome, status }: TestedWebhook): string =>
  `${facts({ event: eventId, delivered: delivered ? 'yes' : 'no', outcome, status })}`

const SHOWN: ShownOnce<ShownWebhook, 'secret'> = {
  option: 'secret-file',
  member: 'secret',
  what: 'secret',
  describe,
  missing: () => '\nThe secret was shown when it was made, and is not shown again.\n',
}
