import type { ApiKey, ShownApiKey } from '@countersign/client'
import { answer, list, PAGING } from '../answer.ts'
import type { Command } from '../command.ts'
import { facts } from '../table.ts'
import { both, relative } from '../time.ts'
import { fileOption, handOut, type ShownOnce } from './hand-out.ts'
import { NOTE, OVERLAP, overlapIn, repeatable } from './shared-options.ts'

const KEY_FILE = fileOption('key-file', 'key')

export const apiKeys: readonly Command[] = [
  {
    name: 'api-keys create',
    summary: 'Makes an API key for the API key routes of usage plans',
    details:
      'The key is the last line of the output, or what --key-file holds. It is shown once, and kept nowhere.',
    options: {
      consumer: { value: 'ID', help: 'who holds it: con_…', required: true },
      plan: { value: 'PLAN', help: 'a usage plan; as often as needed', required: true, many: true },
      name: { value: 'NAME', help: 'what people call it' },
      ...KEY_FILE,
    },
    run: (context) => {
      const { given } = context
      const body = {
        consumer: given.required('consumer'),
        plans: given.texts('plan'),
        name: given.text('name'),
      }
      return handOut(context, ({ apiKeys }) => apiKeys.create(body, repeatable(context)), SHOWN)
    },
  },
  {
    name: 'api-keys list',
    summary: 'Lists API keys',
    options: {
      ...PAGING,
      consumer: { value: 'ID', help: 'of this consumer' },
      plan: { value: 'PLAN', help: 'in this usage plan' },
      state: { value: 'STATE', help: 'active, disabled' },
    },
    run: (context) => {
      const { given } = context
      const wanted = {
        consumer: given.text('consumer'),
        plan: given.text('plan'),
        state: given.text('state'),
      }
      return list(context, ({ apiKeys }, paging) => apiKeys.list({ ...paging, ...wanted }), {
        columns: {
          ID: ({ id }) => id,
          STATE: ({ state }) => state,
          NAME: ({ name }) => name ?? '',
          CONSUMER: ({ consumerName }) => consumerName,
          PLANS: ({ plans }) => plans.map(({ name }) => name).join(', '),
          CREATED: ({ createdAt }) => relative(createdAt, context.terminal.now()),
        },
        empty: 'There is no API key.',
      })
    },
  },
  {
    name: 'api-keys show',
    arguments: ['ID'],
    summary: 'Shows an API key, without the key',
    run: async (context) => {
      const { apiKeys } = await context.client()
      const shown = await apiKeys.show(context.given.argument(0))
      return answer(context, shown, (key) => describe(key, context.terminal.now()))
    },
  },
  {
    name: 'api-keys rotate',
    arguments: ['ID'],
    summary: 'Gives an API key a new value; the one before works on for a day',
    options: { ...OVERLAP, ...KEY_FILE },
    run: (context) => {
      const id = context.given.argument(0)
      const body = overlapIn(context)
      return handOut(context, ({ apiKeys }) => apiKeys.rotate(id, body, repeatable(context)), SHOWN)
    },
  },
  {
    name: 'api-keys disable',
    arguments: ['ID'],
    summary: 'Takes an API key away for good',
    options: NOTE,
    run: async (context) => {
      const { given } = context
      const { apiKeys } = await context.client()
      const body = { note: given.text('note') }
      const disabled = await apiKeys.disable(given.argument(0), body, repeatable(context))
      return answer(context, disabled, (key) => describe(key, context.terminal.now()))
    },
  },
]

const describe = (key: ApiKey, now: Date): string =>
  facts({
    id: key.id,
    state: key.state,
    name: key.name,
    consumer: `${key.consumerName} (${key.consumer})`,
    plans: key.plans.map(({ name, api, environment }) => `${name} (${api} in ${environment})`).join('; '),
    created: both(key.createdAt, now),
    rotated: both(key.rotatedAt, now),
    'value before works until': both(key.previousUntil, now),
    disabled: both(key.disabledAt, now),
  })

const SHOWN: ShownOnce<ShownApiKey, 'key'> = {
  option: 'key-file',
  member: 'key',
  what: 'key',
  describe,
  missing: () => '\nThe key was shown when it was made, and is not shown again.\n',
}
