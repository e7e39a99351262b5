import type { DecisionLine } from '@countersign/core/decision-log'

const HOUR_MILLISECONDS = 3_600_000
const MOST_REMEMBERED = 10_000

/**
 * Whether an issued token opens something for the first time in this hour, as far as this process remembers: those lines
 * alone are read for `lastUsedAt`, so that not every allowed request is carried off the log. Forgetting costs one line more.
 */
export const firstUses = (most = MOST_REMEMBERED) => {
  const seen = new Set<string>()
  let hour = -1
  return ({ outcome, credential, tokenId }: DecisionLine, now: Date): boolean => {
    if (outcome !== 'allow' || credential !== 'token' || tokenId === undefined) return false
    const current = Math.floor(now.getTime() / HOUR_MILLISECONDS)
    if (current !== hour || seen.size >= most) seen.clear()
    hour = current
    return !seen.has(tokenId) && seen.add(tokenId).has(tokenId)
  }
}
