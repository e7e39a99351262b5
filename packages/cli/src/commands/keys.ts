import { answer } from '../answer.ts'
import type { Command } from '../command.ts'
import { facts, table } from '../table.ts'
import { both, relative } from '../time.ts'
import { NOTE, repeatable } from './shared-options.ts'

export const keys: readonly Command[] = [
  {
    name: 'keys list',
    summary: 'Lists the signing keys that verify tokens',
    run: async (context) => {
      const { signingKeys } = await context.client()
      const now = context.terminal.now()
      return answer(context, await signingKeys.list(), ({ items }) =>
        items.length === 0
          ? 'There is no signing key yet.\n'
          : table(items, {
              KID: ({ kid }) => kid,
              ALGORITHM: ({ algorithm }) => algorithm,
              STATE: ({ state }) => state,
              CREATED: ({ createdAt }) => relative(createdAt, now),
              'SIGNS FROM': ({ signsFrom }) => relative(signsFrom, now),
              'VERIFIES UNTIL': ({ verifiesUntil }) => verifiesUntil,
            }),
      )
    },
  },
  {
    name: 'keys rotate',
    summary: 'Adds a signing key that takes over once every authorizer knows it; no token dies of it',
    run: async (context) => {
      const { signingKeys } = await context.client()
      const rotated = await signingKeys.rotate(repeatable(context))
      return answer(context, rotated, ({ kid, signsFrom }) =>
        facts({ 'new key': kid, 'signs from': both(signsFrom, context.terminal.now()) }),
      )
    },
  },
  {
    name: 'keys compromise',
    arguments: ['KID'],
    summary: 'Refuses every token that a leaked key signed, at once, and rotates',
    options: NOTE,
    run: async (context) => {
      const { given } = context
      const { signingKeys } = await context.client()
      const done = await signingKeys.compromise(
        given.argument(0),
        { note: given.text('note') },
        repeatable(context),
      )
      return answer(context, done, ({ compromised, kid, signsFrom, reissue }) =>
        facts({
          'refused from now on': compromised,
          'new key': kid,
          'signs from': both(signsFrom, context.terminal.now()),
          'to be reissued': reissue.map(({ id, consumer }) => `${id} (${consumer})`).join(', ') || 'nothing',
        }),
      )
    },
  },
]
