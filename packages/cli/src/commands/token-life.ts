import type { Client, Note, Outcome, RequestOptions, RevokedToken, Token } from '@countersign/client'
import { answer } from '../answer.ts'
import type { Command, Options } from '../command.ts'
import { both } from '../time.ts'
import { NOTE, repeatable } from './shared-options.ts'
import { describeToken } from './token-view.ts'

export const REASONS = ['compromised', 'superseded', 'requested'] as const

type Step = (
  tokens: Client['tokens'],
  id: string,
  note: Note,
  options: RequestOptions,
) => Promise<Outcome<Token>>

const step = (name: string, summary: string, options: Options, take: Step): Command => ({
  name,
  arguments: ['ID'],
  summary,
  options,
  run: async (context) => {
    const { given, terminal } = context
    const { tokens } = await context.client()
    const taken = await take(tokens, given.argument(0), { note: given.text('note') }, repeatable(context))
    return answer(context, taken, (token) => describeToken(token, terminal.now()))
  },
})

const revoke: Command = {
  name: 'tokens revoke',
  arguments: ['ID'],
  summary: 'Refuses a token for good',
  options: { reason: { value: 'REASON', help: REASONS.join(', '), required: true }, ...NOTE },
  run: async (context) => {
    const { given, terminal } = context
    const body = { reason: given.oneOf('reason', REASONS), note: given.text('note') }
    const { tokens } = await context.client()
    const revoked = await tokens.revoke(given.argument(0), body, repeatable(context))
    return answer(context, revoked, (token) => describeRevoked(token, terminal.now()))
  },
}

const describeRevoked = ({ enforcedBy, ...token }: RevokedToken, now: Date): string =>
  `${describeToken(token, now)}\nEvery gateway refuses it from ${both(enforcedBy, now)}.\n`

/** What happens to a token between its request and its end. */
export const tokenLife: readonly Command[] = [
  revoke,
  step('tokens disable', 'Refuses a token until it is enabled again', NOTE, (tokens, id, note, options) =>
    tokens.disable(id, note, options),
  ),
  step('tokens enable', 'Accepts a disabled token again', {}, (tokens, id, _, options) =>
    tokens.enable(id, options),
  ),
  step('tokens approve', 'Agrees to a token that somebody else asked for', {}, (tokens, id, _, options) =>
    tokens.approve(id, options),
  ),
  step('tokens reject', 'Turns a request for a token down', NOTE, (tokens, id, note, options) =>
    tokens.reject(id, note, options),
  ),
]
