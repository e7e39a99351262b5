import { answer, list, PAGING } from '../answer.ts'
import type { Command } from '../command.ts'
import { describeToken, tokenColumns } from './token-view.ts'

export const tokens: readonly Command[] = [
  {
    name: 'tokens list',
    summary: 'Lists tokens',
    options: {
      state: {
        value: 'STATE',
        help: 'requested, approved, rejected, lapsed, active, disabled, revoked, expired',
      },
      consumer: { value: 'ID', help: 'who holds them: con_…' },
      api: { value: 'A', help: 'what they open' },
      environment: { value: 'E', help: 'where' },
      ...PAGING,
    },
    run: (context) => {
      const { given } = context
      const filter = {
        state: given.text('state'),
        consumer: given.text('consumer'),
        api: given.text('api'),
        environment: given.text('environment'),
      }
      const filtered = Object.values(filter).some((value) => value !== undefined)
      return list(context, ({ tokens }, paging) => tokens.list({ ...filter, ...paging }), {
        columns: tokenColumns(context.terminal.now()),
        empty: filtered ? 'No token matches.' : 'There are no tokens yet.',
      })
    },
  },
  {
    name: 'tokens show',
    arguments: ['ID'],
    summary: 'Shows what is known about a token; the token itself is kept nowhere',
    run: async (context) => {
      const { tokens } = await context.client()
      const found = await tokens.show(context.given.argument(0))
      return answer(context, found, (token) => describeToken(token, context.terminal.now()))
    },
  },
]
