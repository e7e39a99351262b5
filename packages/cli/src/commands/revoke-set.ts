import type { CountedSet, RevokedSet } from '@countersign/client'
import { answer } from '../answer.ts'
import { type Command, WrongUsage } from '../command.ts'
import type { Given } from '../given.ts'
import { facts } from '../table.ts'
import { both } from '../time.ts'
import { NOTE, repeatable } from './shared-options.ts'
import { REASONS } from './token-life.ts'
import { counted } from './token-view.ts'

/** Refuses many tokens by one command. */
export const revokeSet: Command = {
  name: 'tokens revoke-set',
  summary: 'Refuses all tokens of a consumer, a signing key, an API or everybody that were issued so far',
  details:
    'Give one of --consumer, --kid, --api and --everybody. With --dry-run nothing is refused. --everybody refuses the token that you ask with, too.',
  options: {
    consumer: { value: 'ID', help: 'tokens of this consumer: con_…' },
    kid: { value: 'KID', help: 'tokens signed with this key, which goes on signing: key_…' },
    api: { value: 'A', help: 'tokens, at this API' },
    everybody: { help: 'every token' },
    'issued-before': { value: 'INSTANT', help: 'such as 2026-01-31T00:00:00Z; now unless given' },
    'dry-run': { help: 'says how many tokens it would be' },
    reason: { value: 'REASON', help: REASONS.join(', '), required: true },
    ...NOTE,
  },
  run: async (context) => {
    const body = requestOf(context.given)
    const { revocations } = await context.client()
    const now = context.terminal.now()
    if (context.given.flag('dry-run'))
      return answer(context, await revocations.count(body), (set) => describeCounted(set, now))
    return answer(context, await revocations.revoke(body, repeatable(context)), (set) => describe(set, now))
  },
}

const requestOf = (given: Given) => {
  const everybody = given.flag('everybody') ? (true as const) : undefined
  const target = {
    consumer: given.text('consumer'),
    kid: given.text('kid'),
    api: given.text('api'),
    everybody,
  }
  if (Object.values(target).filter((one) => one !== undefined).length !== 1)
    throw new WrongUsage('give one of --consumer, --kid, --api and --everybody')
  const issuedBefore = given.text('issued-before')
  return { ...target, issuedBefore, reason: given.oneOf('reason', REASONS), note: given.text('note') }
}

const target = ({ consumer, kid, api, everybody }: RevokedSet | CountedSet, now: Date, before?: string) => ({
  consumer,
  'signing key': kid,
  api,
  everybody: everybody && 'yes',
  'issued before': both(before, now),
})

const describe = (set: RevokedSet, now: Date): string =>
  facts({
    ...target(set, now, set.issuedBefore),
    revoked: both(set.revokedAt, now),
    'enforced by': both(set.enforcedBy, now),
  })

const describeCounted = (set: CountedSet, now: Date): string =>
  `${facts({
    ...target(set, now, set.issuedBefore),
    holds: `${set.more ? 'more than ' : ''}${counted(set.count, 'token')}`,
    ...Object.fromEntries(Object.entries(set.byState).map(([state, count]) => [state, String(count)])),
    first: set.tokens.join(', '),
  })}\nNothing was refused.\n`
