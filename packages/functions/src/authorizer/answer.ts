import type { AccessRequest, Decision, PolicyDocument } from '@countersign/core/access'
import * as Access from '@countersign/core/access/module'
import { err } from '@countersign/core/shared'
import type { APIGatewayAuthorizerResult, APIGatewaySimpleAuthorizerWithContextResult } from 'aws-lambda'
import { contextOf, principalIdOf, usageKeyOf } from './context.ts'
import type { Judged } from './judge.ts'
import type { Shape } from './question.ts'

/** What HTTP APIs take when simple responses are on. */
export type SimpleAnswer = APIGatewaySimpleAuthorizerWithContextResult<Readonly<Record<string, string>>>

/**
 * Allow: every route the token opens on this deployment, so that API Gateway may cache it. Deny: the same, with what was
 * asked refused in so many words. Backends trust the context; they never read the token again.
 */
export const answerOf = (
  { decision, request, claims, methodArn }: Judged,
  decisionId: string,
  shape: Shape = 'rest-request',
): APIGatewayAuthorizerResult => {
  const opening = decision.ok ? decision.value : decision.error.opening
  const usageKey = usageKeyOf(opening)
  const whole = request && opening && Access.openingPolicy(opening, request.stageArn)
  const document = decision.ok
    ? (permitting(whole, methodArn) ??
      permitting(oneRoute(decision.value, request), methodArn) ??
      Access.narrowestPolicy(methodArn))
    : Access.refusing(whole, methodArn)
  return {
    principalId: principalIdOf(claims),
    policyDocument: mutable(document ?? Access.refusing(undefined, methodArn)),
    ...(claims && { context: contextOf(claims, opening, decisionId) }),
    // HTTP APIs know no usage plans.
    ...(shape !== 'http' && usageKey !== undefined && { usageIdentifierKey: usageKey }),
  }
}

/** Yes or no to what was asked, and nothing about any other route. */
export const simpleAnswerOf = ({ decision, claims }: Judged, decisionId: string): SimpleAnswer => {
  const opening = decision.ok ? decision.value : decision.error.opening
  return { isAuthorized: decision.ok, context: claims ? contextOf(claims, opening, decisionId) : {} }
}

/** An HTTP API that keeps a simple yes lets the caller through on every route it keeps it for: it gets none to keep. */
export const uncacheable = (judged: Judged): Judged => {
  const { decision, line } = judged
  if (!decision.ok || decision.value.binding.authorizerCacheTtlSeconds === 0) return judged
  const reason = 'answer_not_cacheable'
  return {
    ...judged,
    decision: err({ reason, opening: decision.value }),
    line: { ...line, outcome: 'deny', reason, route: undefined },
  }
}

const permitting = (document: PolicyDocument | undefined, methodArn: string) =>
  document && Access.permits(document, methodArn) ? document : undefined

const oneRoute = (decision: Decision, request: AccessRequest | undefined) =>
  request && Access.oneRoutePolicy(decision, decision.route, request.stageArn)

const mutable = ({ Version, Statement }: PolicyDocument): APIGatewayAuthorizerResult['policyDocument'] => ({
  Version,
  Statement: Statement.map(({ Action, Effect, Resource }) => ({ Action, Effect, Resource: [...Resource] })),
})
