import { type Cause, fact } from '../events/envelope.ts'
import { dueReminder } from './reminder-days.ts'
import { isIssued, type Token, type TokenFact } from './token.ts'

/**
 * Says that a token ends soon: 30, 7 and 1 days before, each once. A token that is refused anyway, or has a successor, needs
 * no reminder.
 */
export const remind = (token: Token, { now }: Cause): readonly TokenFact[] => {
  if (!isIssued(token) || token.status !== 'active' || token.successorId !== undefined) return []
  const days = dueReminder(token, now)
  if (days === undefined) return []
  const { id: tokenId, consumerId, consumer, expiresAt } = token
  return [fact('token.expiring', { tokenId, consumerId, consumer, expiresAt, days })]
}
