import type { Denials, LoggedDecision, TokenUse } from '@countersign/core/decision-log'
import * as DecisionLog from '@countersign/core/decision-log/module'
import { type Cause, recordFacts } from '@countersign/core/events'
import type { EntityChange, Ledger } from '@countersign/core/ledger'
import type { Id } from '@countersign/core/shared'
import { change } from './command.ts'
import { tokenUseShape } from './entities.ts'
import type { Services } from './services.ts'

type AccountingServices = Pick<Services, 'ledger' | 'newId' | 'pause'>

const ATTEMPTS = 10

/**
 * Makes events of what the decision log says: refusals by holder and minute, and which tokens are in use. Each is a
 * transaction of its own that knows what it counted, so a delivery that comes again, whole, in part or with others,
 * changes nothing; one that failed half-way is simply delivered again.
 */
export const account = async (
  services: AccountingServices,
  lines: readonly LoggedDecision[],
  cause: Cause,
): Promise<void> => {
  for (const tally of DecisionLog.talliesOf(lines))
    await saved(services, async () => {
      const loaded = await services.ledger.load<Denials>('denial', tally.denialId)
      const { facts, state } = DecisionLog.count(loaded.state, tally, cause.now)
      if (facts.length === 0) return []
      const events = recordFacts(tally.denialId, loaded, facts, cause, services.newId)
      const { version: expectedVersion } = loaded
      const placed = {
        kind: 'denial',
        id: tally.denialId,
        expectedVersion,
        createdAt: state.recordedAt,
      } as const
      return [{ ...placed, state, events, labels: [] }]
    })
  for (const use of DecisionLog.usesOf(lines))
    await saved(services, async () => {
      const id = DecisionLog.useIdOf(use.data.tokenId)
      const loaded = await services.ledger.load<TokenUse>('token-use', id)
      if (!DecisionLog.isNews(loaded.state, use)) return []
      return change(tokenUseShape, id, loaded, [use], { ...services, cause }).changes
    })
}

/** Decided again when another delivery was faster. */
const saved = async (
  { ledger, pause }: AccountingServices,
  decide: () => Promise<readonly EntityChange[]>,
): Promise<void> => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await pause?.(attempt - 1)
    const entities = await decide()
    if (entities.length === 0 || (await ledger.commit({ entities })).ok) return
  }
  throw new Error('what the decision log says was changed under every attempt to write it')
}

/** By token: when it was last seen in use; those that never were are not among them. */
export const lastUses = async (
  ledger: Pick<Ledger, 'load'>,
  tokenIds: readonly Id<'token'>[],
): Promise<ReadonlyMap<string, string>> => {
  const uses = await Promise.all(
    tokenIds.map(async (id) => (await ledger.load<TokenUse>('token-use', DecisionLog.useIdOf(id))).state),
  )
  return new Map(uses.flatMap((use) => (use ? [[use.tokenId, use.lastUsedAt] as const] : [])))
}
