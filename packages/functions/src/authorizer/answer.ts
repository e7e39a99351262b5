import { Access, type Claims, type Opening, type PolicyDocument } from '@countersign/core/access'
import type { APIGatewayAuthorizerResult } from 'aws-lambda'
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
  const whole =
    request && opening && Access.wholePolicy(request.stageArn, opening.binding.routes, opening.opened)
  const document = decision.ok
    ? ([whole, oneRoute(decision.value, request?.stageArn ?? '')].find(
        (candidate) => candidate && Access.permits(candidate, methodArn),
      ) ?? Access.narrowestPolicy(methodArn))
    : Access.refusing(whole, methodArn)
  return {
    principalId: claims ? `${claims.consumerId}/${claims.tokenId}` : 'nobody',
    policyDocument: mutable(document ?? Access.refusing(undefined, methodArn)),
    ...(claims && { context: contextOf(claims, opening, decisionId) }),
    ...(opening?.grant.usageKey !== undefined && { usageIdentifierKey: opening.grant.usageKey }),
  }
}

/** What is left when the whole policy is too large or cannot be said in patterns: the one route that was asked. */
const oneRoute = ({ binding, opened, route }: Opening & { readonly route: unknown }, stageArn: string) =>
  Access.wholePolicy(
    stageArn,
    binding.routes,
    opened.filter(({ registered }) => registered === route),
  )

const contextOf = (claims: Claims, opening: Opening | undefined, decisionId: string) => ({
  tokenId: claims.tokenId,
  consumerId: claims.consumerId,
  consumer: opening?.grant.consumer ?? '',
  environment: opening?.binding.environment ?? '',
  apiId: opening?.binding.apiId ?? '',
  kid: claims.kid,
  decisionId,
})

const mutable = ({ Version, Statement }: PolicyDocument): APIGatewayAuthorizerResult['policyDocument'] => ({
  Version,
  Statement: Statement.map(({ Action, Effect, Resource }) => ({ Action, Effect, Resource: [...Resource] })),
})
