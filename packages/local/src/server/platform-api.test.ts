import { describe, expect, it } from 'vitest'
import { gatewayResponses } from '../gateway/responses.ts'
import { asProblem } from './platform-api.ts'

const request = { id: 'r1', method: 'GET', path: '/apis', query: '', headers: [], body: Buffer.alloc(0) }

const told = (response: Parameters<typeof asProblem>[0]) => {
  const { status, headers, body } = asProblem(response, request as never)
  return { status, headers, body: JSON.parse(String(body)) as Record<string, unknown> }
}

describe("what the gateway says by itself, of the platform's own API", () => {
  it('is that the credential could not be checked, when the authorizer failed: nothing was begun, come again', () => {
    const { status, headers, body } = told(gatewayResponses.authorizerFailure())
    expect(status).toBe(503)
    expect(headers).toEqual({ 'content-type': 'application/problem+json', 'retry-after': '1' })
    expect(body).toMatchObject({
      code: 'credential_unchecked',
      status: 503,
      instance: 'urn:countersign:request:r1',
    })
  })

  it('is a fault of ours, when the authorizer answered something that is no answer', () => {
    expect(told(gatewayResponses.authorizerConfiguration())).toMatchObject({
      status: 500,
      body: { code: 'internal_error' },
    })
  })

  it('is a challenge without a credential', () => {
    expect(told(gatewayResponses.unauthorized())).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="countersign", error="invalid_token"' },
      body: { code: 'unauthorized' },
    })
  })

  it('is not what a function says: that stays as it is', () => {
    const answer = { status: 500, headers: { 'content-type': 'application/json' }, body: '{}' }
    expect(asProblem(answer, request as never)).toBe(answer)
  })
})
