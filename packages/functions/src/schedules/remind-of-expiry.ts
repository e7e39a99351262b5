import { REMINDER_DAYS } from '@countersign/core/events'
import * as Token from '@countersign/core/token/module'
import { change } from '../runtime/command.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { loadToken, tokenShape } from '../runtime/entities.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'

type Needs = Pick<Services, 'ledger' | 'newId' | 'clock'>

const DAY_MILLISECONDS = 86_400_000

/** Reminders of one run. Whom it does not come to is still labelled, and the next run's. */
const MOST_AT_ONCE = 200
const PAGE = 50

/**
 * Says of tokens that they end soon, the most urgent first. A token's own state says which reminder is its next, so a run
 * that is repeated, overlaps another or died says nothing twice and forgets nobody.
 */
export const make = (services: Needs) => () => remindSome(services, MOST_AT_ONCE)

export const handler = lambda(make, { ledger })

export const remindSome = async (services: Needs, most: number): Promise<void> => {
  let left = most
  for (const days of REMINDER_DAYS.toReversed()) {
    for await (const id of dueTokens(services, days)) {
      if (left-- === 0) return
      await remind(services, id)
    }
  }
}

async function* dueTokens({ ledger, clock }: Needs, days: number): AsyncGenerator<string> {
  const now = clock()
  const query = {
    labels: [`remind=${days}`],
    expiresAfter: now.toISOString(),
    expiresUntil: new Date(now.getTime() + days * DAY_MILLISECONDS).toISOString(),
    limit: PAGE,
  }
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await ledger.list<Token.Token>('token', { ...query, after })
    for (const { id } of page.items) yield id
    after = page.next
  }
}

/** Who changes the token at the same moment goes first; the next run looks again. */
const remind = async ({ ledger, newId, clock }: Needs, id: string): Promise<void> => {
  const loaded = await loadToken(ledger, id)
  const cause = { actor: 'schedule', correlationId: newId('event'), now: clock() }
  const facts = loaded.state ? Token.remind(loaded.state, cause) : []
  if (facts.length === 0) return
  const { changes } = change(tokenShape, id, loaded, facts, { cause, newId })
  await ledger.commit({ entities: changes })
}
