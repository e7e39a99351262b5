import type { AccessRequest, Decision, PolicyDocument } from '@countersign/core/access'
import * as Access from '@countersign/core/access/module'
import type { APIGatewayAuthorizerResult } from 'aws-lambda'
import { contextOf, principalIdOf, usageKeyOf } from './context.ts'
import type { Judged } from './judge.ts'

/**
 * Allow: every route the token opens on this deployment, so that API Gateway may cache it. Deny: the same, with what was
 * asked refused in so many words. Backends trust the context; they never read the token again.
 */
export const answerOf = (
  { decision, request, claims, methodArn }: Judged,
  decisionId: string,
): APIGatewayAuthorizerResult => {
  const opening = decision.ok ? decision.value : decision.error.opening
  const usageKey = usageKeyOf(opening?.principal)
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
    ...(usageKey !== undefined && { usageIdentifierKey: usageKey }),
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
