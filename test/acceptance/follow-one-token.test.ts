import { Access } from '@countersign/core/access'
import type { EventOf } from '@countersign/core/events'
import { make as makeAuthorizer } from '@countersign/functions/authorizer/authorize'
import { make as makeDeployApi } from '@countersign/functions/http/deploy-api'
import { make as makeIssueToken } from '@countersign/functions/http/issue-token'
import { make as makeRegisterApi } from '@countersign/functions/http/register-api'
import { make as makeRegisterConsumer } from '@countersign/functions/http/register-consumer'
import { make as makeRevokeToken } from '@countersign/functions/http/revoke-token'
import { rotateNow } from '@countersign/functions/runtime/rotating'
import { make as makeRelay } from '@countersign/functions/streams/relay'
import { make as makeProjectAccess } from '@countersign/functions/subscribers/project-access'
import type { APIGatewayProxyResult } from 'aws-lambda'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, describe, expect, it } from 'vitest'
import { example, SHOW, TENANCIES } from './given.ts'
import { asking, polled, proxied, standStill, streamed } from './one-machine.ts'

const NOW = new Date('2026-03-01T12:00:00.000Z')
const ARN = 'arn:aws:execute-api:eu-west-2:111111111111:abc123/staging/GET/api/v1/tenancies/7'

const bodyOf = ({ body }: APIGatewayProxyResult) => JSON.parse(body) as Record<string, string>

/** The executable twin of docs/follow-one-token.md: nothing moves but by the step that is written here. */
describe('one token, from command to refusal', async () => {
  const { services, queues, lines, close } = standStill(NOW)
  afterAll(close)
  await rotateNow(services, 'first-rotation', { actor: 'test', correlationId: 'test', now: NOW })
  const openapi = example('tenancies')
  const named = { name: 'tenancies' }
  await makeRegisterApi(services)(proxied('PUT /apis/{name}', named, { owner: 'housing', openapi }))
  await makeDeployApi(services)(
    proxied('PUT /apis/{name}/deployments/{environment}', { ...named, environment: 'staging' }, TENANCIES),
  )
  const registering = { name: 'Repairs service', type: 'service', owner: 'repairs' }
  const holder = bodyOf(await makeRegisterConsumer(services)(proxied('POST /consumers', {}, registering)))
  const relay = makeRelay(services)
  const project = makeProjectAccess(services)
  const authorize = makeAuthorizer(services)

  const logged = async (subject?: string): Promise<readonly EventOf[]> =>
    (await services.ledger.events({ limit: 100, after: undefined, ...(subject && { subject }) })).items
  const received = () => queues.receive('ProjectAccess', 10, NOW.getTime(), NOW.getTime() + 2_000)
  const rowOf = async (key: string) => (await services.accessRows.read([key])).get(key)
  const projectWaiting = async () => {
    const messages = received()
    const outcome = await project(polled(messages))
    queues.delete(messages.map(({ id: message }) => message))
    return outcome
  }

  await relay(streamed(await logged()))
  await projectWaiting()
  const grants = [{ api: 'tenancies', environment: 'staging', routes: [SHOW] }]
  const commanded = await makeIssueToken(services)(
    proxied('POST /tokens', {}, { consumer: holder.id, grants, expiresIn: '30d' }),
  )
  const issued = bodyOf(commanded)
  const [id = '', token = ''] = [issued.id, issued.token]
  const presented = asking(ARN, { Authorization: `Bearer ${token}` })
  const tokenRow = Access.tokenRowKey(id)

  it('1. The command is decided and saved, and the signed token is in the answer, where alone it ever is', async () => {
    expect(commanded.statusCode).toBe(201)
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS512', kid: issued.kid, typ: 'at+jwt' })
    const apiId = (await logged()).find(({ type }) => type === 'api.registered')?.subject
    expect(decodeJwt(token)).toEqual({
      iss: 'https://countersign.local',
      sub: holder.id,
      client_id: holder.id,
      aud: [apiId],
      jti: id,
      iat: NOW.getTime() / 1_000,
      exp: NOW.getTime() / 1_000 + 30 * 86_400,
    })
  })

  it('2. The same transaction put one event into the ledger, with actor, request and place', async () => {
    expect(await logged(id)).toMatchObject([
      {
        type: 'token.issued',
        subject: id,
        actor: 'con_operator',
        correlationid: 'request of POST /tokens',
        entityversion: 1,
        previoushash: '',
        data: { tokenId: id, consumerId: holder.id, kid: issued.kid },
      },
    ])
  })

  it('3. The read model does not know the token yet: it is refused', async () => {
    expect(await rowOf(tokenRow)).toBeUndefined()
    await expect(authorize(presented)).rejects.toThrow(/^Unauthorized$/)
    expect(lines.at(-1)).toMatchObject({
      message: 'decision',
      outcome: 'deny',
      reason: 'token_unknown',
      tokenId: id,
    })
  })

  it("4. The stream tells the relay, the relay tells the bus, the bus's rules fill the queue", async () => {
    expect(queues.status('ProjectAccess').waiting).toBe(0)
    expect(await relay(streamed(await logged(id)))).toEqual({ batchItemFailures: [] })
    expect(queues.status('ProjectAccess').waiting).toBe(1)
  })

  it('5. The projector writes the rows and is done with its messages', async () => {
    expect(await projectWaiting()).toEqual({ batchItemFailures: [] })
    expect(queues.status('ProjectAccess')).toMatchObject({ waiting: 0, inFlight: 0, dead: 0 })
  })

  it('6. The token row holds the grant, compiled, under the version of its event, and outlives the token', async () => {
    const row = await rowOf(tokenRow)
    expect(row?.registers.grant).toMatchObject({
      rank: 1,
      value: {
        consumerId: holder.id,
        kid: issued.kid,
        grants: [{ environment: 'staging', routes: [{ method: 'GET', path: '/api/v1/tenancies/{id}' }] }],
      },
    })
    expect(row?.registers.refusal).toBeUndefined()
    expect(row?.sweepAfter).toBeGreaterThan(NOW.getTime() / 1_000 + 30 * 86_400)
  })

  it('7. The authorizer reads three rows and answers with all the token opens, and who calls', async () => {
    const answer = await authorize(presented)
    expect(answer.principalId).toBe(`${holder.id}/${id}`)
    expect(answer.policyDocument.Statement).toMatchObject([
      { Effect: 'Allow', Resource: [`${ARN.replace(/7$/, '')}*`] },
      { Effect: 'Deny' },
    ])
    expect(answer.context).toMatchObject({
      tokenId: id,
      consumerId: holder.id,
      consumer: 'Repairs service',
      environment: 'staging',
      kid: issued.kid,
    })
    expect(lines.at(-1)).toMatchObject({ outcome: 'allow', route: '/api/v1/tenancies/{id}', tokenId: id })
  })

  it('8. Another route of the same API gets a Deny that keeps what is granted, so that it may be cached', async () => {
    const answer = await authorize(asking(ARN.replace(/\/7$/, ''), { authorization: `bearer ${token}` }))
    const effects = answer.policyDocument.Statement.map(({ Effect }) => Effect)
    expect(effects).toEqual(['Allow', 'Deny', 'Deny'])
    expect(lines.at(-1)).toMatchObject({ outcome: 'deny', reason: 'route_not_granted' })
  })

  it('9. The revocation writes the tombstone in its own transaction: nothing was relayed, and it is refused', async () => {
    const revoked = await makeRevokeToken(services)(
      proxied('POST /tokens/{id}/revocation', { id }, { reason: 'compromised' }),
    )
    expect(bodyOf(revoked)).toMatchObject({ state: 'revoked', enforcedBy: NOW.toISOString() })
    expect((await rowOf(tokenRow))?.registers.refusal).toEqual({
      rank: 2,
      value: { why: 'revoked', since: NOW.toISOString() },
    })
    expect(queues.status('ProjectAccess').waiting).toBe(0)
    await expect(authorize(presented)).rejects.toThrow(/^Unauthorized$/)
    expect(lines.at(-1)).toMatchObject({ outcome: 'deny', reason: 'token_revoked' })
  })

  it('10. The whole stream once more, backwards: late and repeated events do not move the row', async () => {
    const before = await rowOf(tokenRow)
    await relay(streamed([...(await logged())].reverse()))
    expect(await projectWaiting()).toEqual({ batchItemFailures: [] })
    expect(await rowOf(tokenRow)).toEqual(before)
    await expect(authorize(presented)).rejects.toThrow(/^Unauthorized$/)
  })

  it('11. The rows equal what the log alone makes of them', async () => {
    const live = new Map<string, unknown>()
    for await (const [key, row] of services.accessRows.scan()) live.set(key, row)
    expect(live).toEqual(Access.rebuild(await logged()))
  })

  it('12. Nothing that was logged on the way holds a byte of the token', () => {
    const text = JSON.stringify(lines)
    expect(lines.length).toBeGreaterThan(4)
    for (const part of token.split('.')) expect(text).not.toContain(part)
  })
})
