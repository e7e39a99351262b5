import { err, ok, type Result } from '@countersign/core/shared'
import type { APIGatewayAuthorizerResult, APIGatewaySimpleAuthorizerResult } from 'aws-lambda'
import { evaluatePolicy, type PolicyVerdict } from './iam-policy.ts'
import { inTime } from './in-time.ts'
import type { AuthorizerContext, GatewayResponse } from './message.ts'
import { refusalsOf } from './responses.ts'
import { type GatewayShape, isHttp } from './setup.ts'

/** Any function that API Gateway may be told to ask. */
export type Authorizer = (event: object) => Promise<unknown>

/** An answer that API Gateway takes from the authorizer of a shape. */
export type AuthorizerAnswer = APIGatewayAuthorizerResult | SimpleAnswer

type SimpleAnswer = APIGatewaySimpleAuthorizerResult & { readonly context?: object }

/** API Gateway waits this long for an authorizer. */
const AUTHORIZER_MILLISECONDS = 10_000

/** The answer, or what API Gateway says when there is none. */
export const ask = async (
  authorizer: Authorizer,
  event: object,
  shape: GatewayShape,
): Promise<Result<AuthorizerAnswer, GatewayResponse>> => {
  const refusals = refusalsOf(shape)
  try {
    const answer = await inTime(authorizer(event), AUTHORIZER_MILLISECONDS)
    return isAnswer(answer, shape) ? ok(answer) : err(refusals.authorizerConfiguration())
  } catch (error) {
    const unauthorized = error instanceof Error && error.message === 'Unauthorized'
    return err(unauthorized ? refusals.unauthorized() : refusals.authorizerFailure())
  }
}

const isAnswer = (answer: unknown, shape: GatewayShape): answer is AuthorizerAnswer => {
  if (typeof answer !== 'object' || answer === null) return false
  if (shape === 'http-simple') return typeof (answer as Partial<SimpleAnswer>).isAuthorized === 'boolean'
  return isPolicy(answer, shape)
}

/** A missing principal, no policy, or a context that is not flat on a REST API: AuthorizerConfigurationException. */
const isPolicy = (answer: Partial<APIGatewayAuthorizerResult>, shape: GatewayShape): boolean => {
  const { principalId, policyDocument, context } = answer
  if (typeof principalId !== 'string' || principalId === '') return false
  if (!Array.isArray(policyDocument?.Statement) || policyDocument.Statement.length === 0) return false
  if (isHttp(shape)) return true
  return Object.values(context ?? {}).every((value) => ['string', 'number', 'boolean'].includes(typeof value))
}

/** A policy is asked about each method ARN; a simple answer says the same of every one. */
export const verdictOf = (answer: AuthorizerAnswer, methodArn: string): PolicyVerdict => {
  if ('isAuthorized' in answer) return answer.isAuthorized ? 'allow' : 'explicit-deny'
  return evaluatePolicy(answer.policyDocument, methodArn)
}

/** What the backend is told; of an HTTP API's context, what is not flat as JSON. */
export const contextOf = (answer: AuthorizerAnswer): AuthorizerContext => ({
  ...('principalId' in answer && { principalId: answer.principalId }),
  ...(answer.context && textsOf(answer.context)),
})

/** Nearly every context is of texts alone. */
const textsOf = (context: object): AuthorizerContext =>
  isOfTexts(context)
    ? context
    : Object.fromEntries(Object.entries(context).map(([name, value]) => [name, textOf(value)]))

const isOfTexts = (context: object): context is AuthorizerContext =>
  Object.values(context).every((value) => typeof value === 'string')

const textOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
