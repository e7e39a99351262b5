import type { Ledger } from '@countersign/core/ledger'
import type { Revocation, RevocationTarget } from '@countersign/core/revocation'
import * as Token from '@countersign/core/token/module'

const PAGE = 100

export type TokenSet = Pick<Revocation, 'target' | 'issuedBefore'>

const LABELS = { key: 'kid', con: 'consumer', api: 'api' } as const

const labelOf = (target: RevocationTarget): readonly string[] => {
  if (target === 'everybody') return []
  return [`${LABELS[target.slice(0, 3) as keyof typeof LABELS]}=${target}`]
}

const isOfSet = (token: Token.Token, { issuedBefore }: TokenSet): boolean =>
  Token.isIssued(token) && Date.parse(token.issuedAt) < Date.parse(issuedBefore)

/**
 * The tokens of a set that are alive and not revoked. By creation, which no issue comes before, so the list ends where the
 * set does; and what was revoked is not on it the next time.
 */
export async function* tokensOfSet(ledger: Ledger, set: TokenSet, now: Date): AsyncGenerator<Token.Token> {
  const labels = [...labelOf(set.target), 'issued']
  const query = { labels, expiresAfter: now.toISOString(), limit: PAGE }
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await ledger.list<Token.Token>('token', { ...query, after })
    for (const { state } of page.items) {
      if (Date.parse(state.createdAt) >= Date.parse(set.issuedBefore)) return
      if (isOfSet(state, set)) yield state
    }
    after = page.next
  }
}

/** As many ids as an answer shows; the count goes on to a limit that keeps it an answer. */
const SHOWN = 20
const MOST_COUNTED = 10_000

/** What would be refused: how many, in which state, and the first of them. */
export const countSet = async (ledger: Ledger, set: TokenSet, now: Date) => {
  const byState: Record<string, number> = {}
  const tokens: string[] = []
  let count = 0
  for await (const token of tokensOfSet(ledger, set, now)) {
    if (count === MOST_COUNTED) return { count, byState, tokens, more: true }
    const state = Token.stateAt(token, now)
    byState[state] = (byState[state] ?? 0) + 1
    if (tokens.length < SHOWN) tokens.push(token.id)
    count += 1
  }
  return { count, byState, tokens, more: false }
}
