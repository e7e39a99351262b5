import type { Cause } from '@countersign/core/events'
import { err, ok, type Result, secondsIn } from '@countersign/core/shared'
import type { IssuedToken } from '@countersign/core/token'
import * as Token from '@countersign/core/token/module'
import { findApi, loadConsumer } from './entities.ts'
import { type Refusal, refusalOfFaults } from './problem.ts'
import type { Services } from './services.ts'

export interface RerollRequest {
  readonly grace?: string | undefined
  readonly now?: boolean | undefined
  readonly expiresAt?: string | undefined
  readonly expiresIn?: string | undefined
}

/** How long predecessor and successor are both accepted unless it is said. */
const USUAL_GRACE = '24h'

/** The predecessor ends by itself, so no grace can be too long. */
export const graceOf = ({ grace, now = false }: RerollRequest): Result<number, Refusal> => {
  const refuse = (code: 'grace_given_twice' | 'grace_malformed', detail: string) =>
    err({ reason: code, detail, errors: [{ pointer: '/grace', code, detail }] })
  if (now && grace !== undefined) return refuse('grace_given_twice', 'give grace or now, not both')
  if (now) return ok(0)
  const seconds = secondsIn(grace ?? USUAL_GRACE)
  return seconds === undefined
    ? refuse('grace_malformed', `"${grace}" is no duration like 1h; for none at all, say now`)
    : ok(seconds)
}

export interface Successor {
  readonly token: IssuedToken
  readonly expiresAt: string
}

/** The token that may be renewed, and until when its successor lives; whatever it stands on is looked at again. */
export const successorFor = async (
  { ledger }: Pick<Services, 'ledger'>,
  token: Token.Token,
  request: RerollRequest,
  cause: Cause,
): Promise<Result<Successor, Refusal>> => {
  const rerollable = Token.rerollable(token, cause)
  if (!rerollable.ok) return err({ reason: rerollable.error })
  const consumer = (await loadConsumer(ledger, token.consumerId)).state
  if (consumer?.status !== 'active') return err({ reason: 'consumer_suspended' })
  const gone = await closedApi(ledger, token)
  if (gone !== undefined)
    return err({ reason: 'api_not_found', status: 409, detail: `the API "${gone}" was deregistered` })
  const expiresAt = Token.successorExpiry(rerollable.value, request, cause.now)
  if (!expiresAt.ok) return err(refusalOfFaults(expiresAt.error))
  return ok({ token: rerollable.value, expiresAt: expiresAt.value })
}

/** By id: another API may have the name by now. */
const closedApi = async (
  ledger: Services['ledger'],
  { grants }: Token.Token,
): Promise<string | undefined> => {
  for (const { apiId, api } of grants) if (!(await findApi(ledger, apiId))) return api
  return undefined
}
