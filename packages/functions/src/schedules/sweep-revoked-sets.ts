import * as Access from '@countersign/core/access/module'
import type { Cause } from '@countersign/core/events'
import type { EntityChange } from '@countersign/core/ledger'
import type { Revocation } from '@countersign/core/revocation'
import * as Revocations from '@countersign/core/revocation/module'
import * as Token from '@countersign/core/token/module'
import { change } from '../runtime/command.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { loadToken, revocationShape, tokenShape } from '../runtime/entities.ts'
import { lambda } from '../runtime/lambda.ts'
import { tokensOfSet } from '../runtime/revoking.ts'
import type { Services } from '../runtime/services.ts'

type Needs = Pick<Services, 'ledger' | 'newId' | 'clock'>

/** Tokens of one run; the next one goes on with what is left. */
const MOST_AT_ONCE = 200
const PAGE = 50

/**
 * Revokes each token of the sets that the fence names, and takes a set off the fence once a look at all of it found none
 * left. Whatever dies between two tokens, or before the last step, leaves the set on the fence.
 */
export const make = (services: Needs) => () => sweepSome(services, MOST_AT_ONCE)

export const handler = lambda(make, { ledger })

export const sweepSome = async (services: Needs, most: number): Promise<void> => {
  let left = most
  for await (const id of begunSets(services)) {
    left -= await sweepSet(services, id, left)
    if (left <= 0) return
  }
}

async function* begunSets({ ledger }: Needs): AsyncGenerator<string> {
  const query = { labels: ['status=begun'], limit: PAGE }
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await ledger.list<Revocation>('revocation', { ...query, after })
    for (const { id } of page.items) yield id
    after = page.next
  }
}

/** How many tokens were left. */
const sweepSet = async (services: Needs, id: string, most: number): Promise<number> => {
  const loaded = await services.ledger.load<Revocation>('revocation', id)
  if (loaded.state?.status !== 'begun') return 0
  const cause = { actor: 'schedule', correlationId: services.newId('event'), now: services.clock() }
  let found = 0
  for await (const { id: tokenId } of tokensOfSet(services.ledger, loaded.state, cause.now)) {
    if (found === most) return found
    found += 1
    await revokeOne(services, tokenId, loaded.state, cause)
  }
  if (found > 0 || !Revocations.mayComplete(loaded.state, cause.now)) return found
  const facts = Revocations.complete(loaded.state, cause)
  await save(services, change(revocationShape, id, loaded, facts, { cause, newId: services.newId }).changes)
  return 0
}

/** Who changes the token at the same moment goes first: then the set has one left, and stays. */
const revokeOne = async (services: Needs, id: string, set: Revocation, cause: Cause): Promise<void> => {
  const loaded = await loadToken(services.ledger, id)
  const revoked = loaded.state && Token.revoke(loaded.state, { reason: set.reason, note: set.note }, cause)
  if (!revoked?.ok || revoked.value.length === 0) return
  await save(
    services,
    change(tokenShape, id, loaded, revoked.value, { cause, newId: services.newId }).changes,
  )
}

const save = async ({ ledger }: Needs, entities: readonly EntityChange[]): Promise<void> => {
  const access = Access.refusalsOf(entities.flatMap(({ events }) => events))
  await ledger.commit({ entities, access })
}
