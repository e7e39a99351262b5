import type { AccessRequest, Claims, Decision, Denial, DenialReason, Note } from '@countersign/core/access'
import * as Access from '@countersign/core/access/module'
import type { DecisionLine } from '@countersign/core/decision-log'
import { err, ok, type Result } from '@countersign/core/shared'
import type { Credentials } from './credentials.ts'
import type { AuthorizerServices } from './deciding.ts'
import { agrees, type Question } from './question.ts'

/** One decision, and the line that the decision log gets: exact, and without a byte of the token. */
export interface Judged {
  readonly request: AccessRequest | undefined
  readonly methodArn: string
  readonly claims: Claims | undefined
  readonly decision: Result<Decision, Denial>
  readonly line: DecisionLine
}

/** The checks of the platform's contract, in its order; each can only refuse. One read of three rows. */
export const judge = async (
  question: Question | undefined,
  credentials: Credentials,
  services: Pick<AuthorizerServices, 'accessRows'>,
  now: Date,
  note?: Note,
): Promise<Judged> => {
  const methodArn = question?.methodArn ?? 'none'
  // Where it was asked is known before who asks: refusals are counted by gateway.
  const denied = (reason: DenialReason) =>
    judged(methodArn, Access.parseMethodArn(methodArn), undefined, err({ reason }))
  if (!question) return denied('shape_unsupported')
  note?.('credential', {})
  const presented = Access.presentedToken(question.headers)
  if (!presented.ok) return denied(presented.error)
  const claims = await credentials(presented.value, now, note)
  return claims.ok ? judgeClaims(question, claims.value, services, now, note) : denied(claims.error)
}

/** What is left once it is known whose credential it is. */
export const judgeClaims = async (
  question: Question,
  claims: Claims,
  { accessRows }: Pick<AuthorizerServices, 'accessRows'>,
  now: Date,
  note?: Note,
): Promise<Judged> => {
  const { methodArn } = question
  const request = Access.parseMethodArn(methodArn)
  note?.('coordinates', { methodArn })
  if (!request || !agrees(question, request))
    return judged(methodArn, request, claims, err({ reason: 'coordinates_mismatch' }))
  const rows = await rowsOf(accessRows, request, claims)
  return judged(methodArn, request, claims, Access.decide(claims, request, rows, now, note))
}

const rowsOf = async (
  accessRows: AuthorizerServices['accessRows'],
  request: AccessRequest,
  claims: Claims,
) => {
  const shard = Access.shardOf(Access.principalIdOf(claims))
  const keys = {
    principal: Access.principalRowKey(claims),
    deployment: Access.deploymentRowKey(request.coordinates, shard),
    fence: Access.fenceRowKey(shard),
  }
  const rows = await accessRows.read(Object.values(keys))
  return {
    principal: rows.get(keys.principal),
    deployment: rows.get(keys.deployment),
    fence: rows.get(keys.fence),
  }
}

const judged = (
  methodArn: string,
  request: AccessRequest | undefined,
  claims: Claims | undefined,
  decision: Result<Decision, Denial>,
): Judged => {
  const opening = decision.ok ? decision.value : decision.error.opening
  const line = {
    outcome: decision.ok ? 'allow' : 'deny',
    reason: decision.ok ? undefined : decision.error.reason,
    credential: claims?.kind,
    ...holderOf(claims),
    kid: claims?.kid,
    apiId: opening?.binding.apiId,
    environment: opening?.binding.environment,
    method: request?.method,
    route: (decision.ok ? decision.value : decision.error).route?.path,
    gateway: request && `${request.coordinates.gatewayId}/${request.coordinates.stage}`,
  } as const
  return { methodArn, request, claims, decision: decision.ok ? ok(decision.value) : decision, line }
}

/** Of a person, the session is named and nothing else. */
const holderOf = (claims: Claims | undefined): Pick<DecisionLine, 'tokenId' | 'consumerId' | 'sessionId'> =>
  claims?.kind === 'session'
    ? { tokenId: undefined, consumerId: undefined, sessionId: claims.sessionId }
    : { tokenId: claims?.tokenId, consumerId: claims?.consumerId, sessionId: undefined }
