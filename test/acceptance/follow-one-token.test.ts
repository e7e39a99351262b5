import type { AuditEvent } from '@countersign/client'
import { Access } from '@countersign/core/access'
import type { LogLine } from '@countersign/functions/runtime/services'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../aws/eventually.ts'
import { done, openWorld } from '../support/world.ts'
import { auditLog, consumer, example, publish, SHOW, TENANCIES } from './given.ts'

/** An API of this story alone: other stories may be told in the same world. */
const HERE = { ...TENANCIES, gatewayId: 'fol123' }
const ARN = 'arn:aws:execute-api:eu-west-2:111111111111:fol123/staging/GET/api/v1/tenancies/7'
const DAY_SECONDS = 86_400

/** The executable twin of docs/follow-one-token.md: what carries the token's events stands still until it is let go. */
describe('one token, from command to refusal', async () => {
  const world = await openWorld()
  afterAll(() => world.stop())
  const { client } = world

  /** All that the first command brought about, before anything moved. */
  const begin = async () => {
    await world.attach(HERE.gatewayId)
    const api = await publish(client, 'followed', { document: example('tenancies'), at: HERE })
    const holder = await consumer(client, 'Repairs service')
    await world.settled()
    const before = await queue()
    const [letRelayGo, letProjectorGo] = [await world.hold('Relay'), await world.hold('ProjectAccess')]
    const grants = [{ api: 'followed', environment: 'staging', routes: [SHOW] }]
    const issued = done(await client.tokens.issue({ consumer: holder.id, grants, expiresIn: '30d' }))
    return { api, holder, issued, before, letRelayGo, letProjectorGo }
  }
  const queue = async () => {
    const { subscriptions } = done(await client.pipeline.status())
    const found = subscriptions.find(({ name }) => name === 'ProjectAccess')
    if (!found) throw new Error('there is no ProjectAccess')
    return { left: found.waiting + found.inFlight, dead: found.dead }
  }
  let told: Awaited<ReturnType<typeof begin>>
  let [id, token, row] = ['', '', '']
  beforeAll(async () => {
    told = await begin()
    ;[id, token, row] = [told.issued.id, told.issued.token ?? '', Access.tokenRowKey(told.issued.id)]
  })

  const logged = (): Promise<readonly AuditEvent[]> => auditLog(client, { entity: id })
  const rowOf = async (key: string) => (await world.readModels()).live.get(key)
  const authorize = (methodArn = ARN, scheme = 'Bearer', name = 'Authorization') =>
    world.authorize({ methodArn, headers: { [name]: `${scheme} ${token}` } })
  const decisions = async (): Promise<readonly LogLine[]> =>
    (await world.logged()).filter(({ message, tokenId }) => message === 'decision' && tokenId === id)
  /** Until it is in the log that the token was judged like this. */
  const decided = (wanted: object) =>
    eventually(`a decision is logged: ${JSON.stringify(wanted)}`, async () =>
      (await decisions()).some((line) =>
        Object.entries(wanted).every(([name, value]) => line[name] === value),
      ),
    )

  it('1. The command is decided and saved, and the signed token is in the answer, where alone it ever is', () => {
    const { issued, holder, api } = told
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS512', kid: issued.kid, typ: 'at+jwt' })
    const iat = Math.floor(Date.parse(issued.issuedAt ?? '') / 1_000)
    expect(decodeJwt(token)).toEqual({
      iss: decodeJwt(world.credential).iss,
      sub: holder.id,
      client_id: holder.id,
      aud: [api.id],
      jti: id,
      iat,
      exp: iat + 30 * DAY_SECONDS,
    })
  })

  it('2. The same transaction put one event into the ledger, with actor, request and place', async () => {
    const operator = decodeJwt(world.credential).sub
    const events = await logged()
    expect(events).toMatchObject([
      {
        type: 'token.issued',
        subject: id,
        actor: operator,
        entityversion: 1,
        previoushash: '',
        data: { tokenId: id, consumerId: told.holder.id, kid: told.issued.kid },
      },
    ])
    expect(events[0]?.correlationid).toMatch(/./)
  })

  it('3. The read model does not know the token yet: it is refused', async () => {
    expect(await rowOf(row)).toBeUndefined()
    expect(await authorize()).toBe('Unauthorized')
    await decided({ outcome: 'deny', reason: 'token_unknown' })
  })

  it("4. The stream tells the relay, the relay tells the bus, the bus's rules fill the queue", async () => {
    expect((await queue()).left).toBe(0)
    await told.letRelayGo()
    await eventually('the event is in the queue', async () => (await queue()).left === 1)
    expect(await rowOf(row)).toBeUndefined()
  })

  it('5. The projector writes the rows and is done with its messages', async () => {
    await told.letProjectorGo()
    await world.settled()
    expect(await queue()).toEqual(told.before)
  })

  it('6. The token row holds the grant, compiled, under the version of its event, and outlives the token', async () => {
    const now = await rowOf(row)
    expect(now?.registers.grant).toMatchObject({
      rank: 1,
      value: {
        consumerId: told.holder.id,
        kid: told.issued.kid,
        grants: [{ environment: 'staging', routes: [{ method: 'GET', path: '/api/v1/tenancies/{id}' }] }],
      },
    })
    expect(now?.registers.refusal).toBeUndefined()
    expect(now?.sweepAfter).toBeGreaterThan(Date.parse(told.issued.expiresAt ?? '') / 1_000)
  })

  it('7. The authorizer reads three rows and answers with all the token opens, and who calls', async () => {
    const answer = await authorize()
    expect(answer).toMatchObject({
      principalId: `${told.holder.id}/${id}`,
      policyDocument: {
        Statement: [{ Effect: 'Allow', Resource: [`${ARN.replace(/7$/, '')}*`] }, { Effect: 'Deny' }],
      },
      context: {
        tokenId: id,
        consumerId: told.holder.id,
        consumer: told.holder.name,
        environment: 'staging',
        kid: told.issued.kid,
      },
    })
    expect((await world.call({ path: '/fol123/staging/api/v1/tenancies/7', token })).status).toBe(200)
    await decided({ outcome: 'allow', route: '/api/v1/tenancies/{id}' })
  })

  it('8. Another route of the same API gets a Deny that keeps what is granted, so that it may be cached', async () => {
    const answer = await authorize(ARN.replace(/\/7$/, ''), 'bearer', 'authorization')
    if (answer === 'Unauthorized') throw new Error('this is a Deny, not a refusal of the token')
    const effects = answer.policyDocument.Statement.map(({ Effect }) => Effect)
    expect(effects).toEqual(['Allow', 'Deny', 'Deny'])
    await decided({ outcome: 'deny', reason: 'route_not_granted' })
  })

  it('9. The revocation writes the tombstone in its own transaction: nothing was relayed, and it is refused', async () => {
    const letRelayGo = await world.hold('Relay')
    const revoked = done(await client.tokens.revoke(id, { reason: 'compromised' }))
    expect(revoked).toMatchObject({ state: 'revoked', enforcedBy: revoked.revokedAt })
    expect((await rowOf(row))?.registers.refusal).toEqual({
      rank: 2,
      value: { why: 'revoked', since: revoked.revokedAt },
    })
    expect((await queue()).left).toBe(0)
    expect(await authorize()).toBe('Unauthorized')
    await decided({ outcome: 'deny', reason: 'token_revoked' })
    await letRelayGo()
  })

  it('10. The whole stream once more, backwards: late and repeated events do not move the row', async () => {
    await world.settled()
    const before = await rowOf(row)
    await world.replay()
    await world.settled()
    expect(await queue()).toEqual(told.before)
    expect(await rowOf(row)).toEqual(before)
    expect(await authorize()).toBe('Unauthorized')
  })

  it('11. The rows equal what the log alone makes of them', async () => {
    const { live, rebuilt } = await world.readModels()
    expect(live).toEqual(rebuilt)
  })

  it('12. Nothing that was logged on the way holds a byte of the token', async () => {
    const text = JSON.stringify(await world.logged())
    expect((await decisions()).length).toBeGreaterThan(4)
    for (const part of token.split('.')) expect(text).not.toContain(part)
  })
})
