import { err, ok } from '@countersign/core/shared'
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { httpHandler } from './http.ts'
import { oauthHandler } from './oauth.ts'
import { withRequestLine } from './request-line.ts'
import type { LogLine } from './services.ts'

const SECRET = 'c0rrect-horse-battery-staple'

const asked = (given: object) =>
  ({
    httpMethod: 'POST',
    resource: '/tokens/{id}/revocation',
    path: `/tokens/${SECRET}/revocation`,
    pathParameters: { id: SECRET },
    queryStringParameters: { note: SECRET },
    headers: { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' },
    body: JSON.stringify({ note: SECRET }),
    requestContext: { requestId: 'request-1', authorizer: { consumerId: 'con_1' } },
    ...given,
  }) as unknown as APIGatewayProxyEvent

const ANY = { body: z.unknown(), path: z.unknown(), query: z.unknown() }

/** A process whose clock goes on by 7 ms with every look. */
const telling = () => {
  const lines: LogLine[] = []
  let looks = 0
  const clock = () => new Date(Date.parse('2026-03-01T12:00:00Z') + 7 * looks++)
  return {
    lines,
    services: { clock, newId: () => 'evt_1' as never, log: (line: LogLine) => void lines.push(line) },
  }
}

describe('the line of a request', () => {
  it('says which route answered whom with what, and nothing of what was sent', async () => {
    const { lines, services } = telling()
    await httpHandler(ANY, services, async () => ok({ status: 201, body: { secret: SECRET } }))(asked({}))
    expect(lines).toEqual([
      {
        level: 'info',
        message: 'a request was answered',
        requestId: 'request-1',
        route: 'POST /tokens/{id}/revocation',
        actor: 'con_1',
        status: 201,
        latencyMilliseconds: 14,
      },
    ])
  })

  it('has the code of what was refused, and the id that the problem names', async () => {
    const { lines, services } = telling()
    const refuse = async () => err({ reason: 'token_not_found' } as const)
    const { body } = await httpHandler(ANY, services, refuse)(asked({}))
    const code = 'token_not_found'
    expect(lines).toMatchObject([{ requestId: 'request-1', status: 404, code }])
    expect(JSON.parse(body)).toMatchObject({ code, instance: 'urn:countersign:request:request-1' })
  })

  it('is there for what no command was asked about, because it cannot be read', async () => {
    const { lines, services } = telling()
    const never = () => Promise.reject(new Error('it was asked'))
    await httpHandler(ANY, services, never)(asked({ body: `{"note": "${SECRET}` }))
    expect(lines).toMatchObject([{ status: 400, code: 'body_malformed' }])
    expect(JSON.stringify(lines)).not.toContain(SECRET)
  })

  it.each([undefined, null, { state: 'rejected' }])(
    'needs no code where the answer has none: %j',
    async (body) => {
      const { lines, services } = telling()
      const { statusCode } = await httpHandler(ANY, services, async () => ok({ status: 422, body }))(
        asked({}),
      )
      expect(statusCode).toBe(422)
      expect(lines).toMatchObject([{ status: 422, code: undefined }])
    },
  )

  it('turns no answer into a failure, not even one without a text', async () => {
    const { lines, services } = telling()
    const answered = { statusCode: 503, body: '' }
    expect(await withRequestLine(services, async () => answered)(asked({}))).toBe(answered)
    expect(lines).toMatchObject([{ status: 503, code: undefined }])
  })

  it("has API Gateway's own id beside the one that a caller can choose", async () => {
    const { lines, services } = telling()
    const requestContext = { requestId: 'chosen', extendedRequestId: 'own' }
    await httpHandler(ANY, services, async () => ok({ status: 200, body: {} }))(asked({ requestContext }))
    expect(lines).toMatchObject([{ requestId: 'chosen', extendedRequestId: 'own', actor: 'anonymous' }])
  })

  it('follows the error where a route failed', async () => {
    const { lines, services } = telling()
    await httpHandler(ANY, services, () => Promise.reject(new Error('no store')))(asked({}))
    expect(lines).toMatchObject([
      { level: 'error', message: 'a route failed', error: ['Error: no store'] },
      { level: 'info', status: 500, code: 'internal_error' },
    ])
  })

  it('is one of an OAuth endpoint as well, with the finer code', async () => {
    const { lines, services } = telling()
    const refusal = { error: 'invalid_grant', code: 'id_token_expired', detail: 'it is over' } as const
    const form = {
      resource: '/oauth/token',
      queryStringParameters: null,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `subject_token=${SECRET}`,
    }
    await oauthHandler(['subject_token'], services, async () => err(refusal))(asked(form))
    expect(lines).toMatchObject([{ route: 'POST /oauth/token', status: 400, code: 'id_token_expired' }])
    expect(JSON.stringify(lines)).not.toContain(SECRET)
  })
})
