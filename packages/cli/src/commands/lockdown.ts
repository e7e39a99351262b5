import type { Lockdown } from '@countersign/client'
import { answer } from '../answer.ts'
import { type Command, type Options, WrongUsage } from '../command.ts'
import type { Given } from '../given.ts'
import { facts, table } from '../table.ts'
import { both, relative } from '../time.ts'
import { repeatable } from './shared-options.ts'

const WHERE = {
  everywhere: { help: 'at every API' },
  api: { value: 'A', help: 'at this API: its name or id' },
  environment: { value: 'E', help: 'in this environment, of the API where one is named' },
} as const satisfies Options

const BECAUSE = {
  because: { value: 'TEXT', help: 'for the audit log, and for whoever finds it standing', required: true },
} as const satisfies Options

/** Nobody is let in, and then everybody again. */
export const lockdown: readonly Command[] = [
  {
    name: 'lockdown',
    summary: 'Shows which lockdowns stand, and why',
    options: { all: { help: 'those that are over, too' } },
    run: async (context) => {
      const { lockdowns } = await context.client()
      const state = context.given.flag('all') ? undefined : ('begun' as const)
      const now = context.terminal.now()
      return answer(context, await lockdowns.list({ limit: 100, state }), ({ items }) =>
        items.length === 0 ? 'Nothing is locked down.\n' : listed(items, now),
      )
    },
  },
  {
    name: 'lockdown begin',
    summary: 'Lets nobody in any more, everywhere or at an API or in an environment',
    details:
      "It refuses whoever shows a token or a session, from the next authorization on; routes that are open, or for API keys or IAM, never ask. The platform's own API is spared, so that a lockdown can be ended.",
    options: { ...WHERE, ...BECAUSE },
    run: async (context) => {
      const { lockdowns } = await context.client()
      const now = context.terminal.now()
      const begun = await lockdowns.begin(requestOf(context.given), repeatable(context))
      return answer(context, begun, (one) => described(one, now))
    },
  },
  {
    name: 'lockdown end',
    summary: 'Lets those in again whom a lockdown shut out; it names the same place',
    options: { ...WHERE, ...BECAUSE },
    run: async (context) => {
      const { lockdowns } = await context.client()
      const now = context.terminal.now()
      const ended = await lockdowns.lift(requestOf(context.given), repeatable(context))
      return answer(context, ended, (one) => described(one, now))
    },
  },
]

const requestOf = (given: Given) => {
  const { api, environment } = { api: given.text('api'), environment: given.text('environment') }
  const everywhere = given.flag('everywhere') ? (true as const) : undefined
  if ((everywhere === undefined) === ((api ?? environment) === undefined))
    throw new WrongUsage('give --everywhere, or --api, --environment or both')
  return { everywhere, api, environment, because: given.required('because') }
}

const placeOf = ({ apiId, environment }: Lockdown): string =>
  [apiId, environment].filter((one) => one !== undefined).join(' in ') || 'everywhere'

const listed = (items: readonly Lockdown[], now: Date): string =>
  table(items, {
    WHERE: placeOf,
    STATE: ({ state }) => state,
    BEGUN: ({ begunAt }) => relative(begunAt, now),
    BECAUSE: ({ because }) => because,
  })

const described = (one: Lockdown, now: Date): string =>
  facts({
    'locked down': placeOf(one),
    state: one.state,
    begun: both(one.begunAt, now),
    because: one.because,
    ended: both(one.endedAt, now),
    'spared APIs': one.state === 'begun' ? one.spares.join(', ') : undefined,
    'nobody is let in from': both(one.enforcedBy, now),
  })
