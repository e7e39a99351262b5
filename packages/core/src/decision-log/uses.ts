import type { FactOf } from '../events/catalog.ts'
import { fact } from '../events/fact.ts'
import { type Id, isId } from '../shared/id.ts'
import type { LoggedDecision } from './line.ts'

export type UseFact = FactOf<'token.used'>

/** When a token was last seen in use, to the hour. */
export interface TokenUse {
  readonly tokenId: Id<'token'>
  readonly lastUsedAt: string
  /** When its first use was told. */
  readonly recordedAt: string
}

const HOUR_MILLISECONDS = 3_600_000

const hourOf = (instant: string | Date): number => Math.floor(new Date(instant).getTime() / HOUR_MILLISECONDS)

/** The use of a token is beside the token: to be used does not change it. */
export const useIdOf = (tokenId: Id<'token'>): Id<'token-use'> => `use_${tokenId.slice('tok_'.length)}`

/** The latest use of each issued token; a name that a consumer chose for its own token says nothing of ours. */
export const usesOf = (lines: readonly LoggedDecision[]): readonly UseFact[] => {
  const uses = new Map<string, UseFact>()
  for (const { outcome, credential, tokenId, consumerId, at } of lines) {
    if (outcome !== 'allow' || credential !== 'token') continue
    if (!isId('token', tokenId) || consumerId === undefined) continue
    const usedAt = at.toISOString()
    if ((uses.get(tokenId)?.data.usedAt ?? '') < usedAt)
      uses.set(tokenId, fact('token.used', { tokenId, consumerId, usedAt }))
  }
  return [...uses.values()]
}

/** Once per token and hour; what comes late or again is no news. */
export const isNews = (known: TokenUse | undefined, { data }: UseFact): boolean =>
  known === undefined || hourOf(data.usedAt) > hourOf(known.lastUsedAt)

export const evolve = (known: TokenUse | undefined, { data }: UseFact, time: string): TokenUse => ({
  tokenId: data.tokenId,
  lastUsedAt: data.usedAt,
  recordedAt: known?.recordedAt ?? time,
})
