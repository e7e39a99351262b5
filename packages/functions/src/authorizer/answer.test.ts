import { describe, expect, it } from 'vitest'
import { answerOf, simpleAnswerOf, uncacheable } from './answer.ts'
import type { Judged } from './judge.ts'

const METHOD_ARN = 'arn:aws:execute-api:eu-west-2:111111111111:abc123/staging/GET/things'
const PLACE = { apiId: 'api_1', environment: 'staging' }

/** A token that has a usage plan, let through. */
const judged = (authorizerCacheTtlSeconds = 0): Judged =>
  ({
    methodArn: METHOD_ARN,
    claims: { kind: 'token', tokenId: 'tok_1', consumerId: 'con_1', kid: 'key_1' },
    line: { outcome: 'allow', reason: undefined, route: '/things' },
    decision: {
      ok: true,
      value: {
        principal: {
          kind: 'token',
          grant: {
            consumer: 'c',
            usageKey: 'plan-key',
            grants: [{ ...PLACE, routes: [], usageKey: 'plan-key' }],
          },
        },
        binding: { ...PLACE, api: 'things', routes: [], authorizerCacheTtlSeconds },
        opened: [],
        route: { method: 'GET', path: '/things', authorization: 'token' },
      },
    },
  }) as unknown as Judged

describe('an answer', () => {
  it.each(['rest-request', 'rest-token'] as const)('to %s names the usage plan of the token', (shape) => {
    expect(answerOf(judged(), 'dec_1', shape)).toMatchObject({ usageIdentifierKey: 'plan-key' })
  })

  it('to an HTTP API names none: it knows no usage plans', () => {
    const answer = answerOf(judged(), 'dec_1', 'http')
    expect(answer.policyDocument.Statement).toMatchObject([{ Effect: 'Allow', Resource: [METHOD_ARN] }])
    expect(Object.keys(answer).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'context',
      'policyDocument',
      'principalId',
    ])
  })

  it('that is simple holds yes or no and the context, and nothing else', () => {
    const answer = simpleAnswerOf(judged(), 'dec_1')
    expect(answer).toMatchObject({ isAuthorized: true, context: { tokenId: 'tok_1', decisionId: 'dec_1' } })
    expect(Object.keys(answer)).toEqual(['isAuthorized', 'context'])
  })

  it('that is simple and would be kept is no', () => {
    expect(simpleAnswerOf(uncacheable(judged(0)), 'dec_1').isAuthorized).toBe(true)
    const refused = uncacheable(judged(1))
    expect(simpleAnswerOf(refused, 'dec_1').isAuthorized).toBe(false)
    expect(refused.line).toMatchObject({ outcome: 'deny', reason: 'answer_not_cacheable' })
  })
})
