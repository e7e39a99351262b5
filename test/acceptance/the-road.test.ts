import type { AuditEvent } from '@countersign/client'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { done, openWorld } from '../support/world.ts'
import { auditLog, consumer, example, REPAIRS, SHOW, TENANCIES, TENANCY, TENANCY_LIST } from './given.ts'

const publication = (name: string, at: typeof TENANCIES) => ({
  publicationId: `hub-${name}`,
  name,
  owner: 'housing@example.org',
  openapi: example(name),
  deployments: [{ environment: 'staging', ...at }],
})

/** Each step continues where the one before it ended: the story is one life. */
describe('the road of one token', async () => {
  const world = await openWorld()
  afterAll(() => world.stop())
  const { client } = world
  const begun = new Date().toISOString()
  const dead = async () => done(await client.pipeline.status()).subscriptions.map(({ dead }) => dead)
  let deadAtFirst: readonly number[] = []
  beforeAll(async () => {
    deadAtFirst = await dead()
  })
  const hubEventId = await world.publishHubEvent('api-hub.api-published', publication('tenancies', TENANCIES))
  await world.publishHubEvent('api-hub.api-published', publication('repairs', REPAIRS))
  await world.settled()
  const holder = await consumer(client)
  const grants = [{ api: 'tenancies', environment: 'staging', routes: [SHOW] }]
  const issued = done(await client.tokens.issue({ consumer: holder.id, grants, expiresIn: '30d' }))
  const token = issued.token ?? ''
  await world.settled()

  it('registers every route of what the API Hub published, with its base path, and where it lives', async () => {
    expect(done(await client.apis.show('tenancies'))).toMatchObject({
      name: 'tenancies',
      owner: 'housing@example.org',
      status: 'registered',
      routes: [
        { method: 'GET', path: '/api/v1/tenancies', authorization: 'token' },
        { method: 'POST', path: '/api/v1/tenancies', authorization: 'token' },
        { method: 'GET', path: '/api/v1/tenancies/{id}', authorization: 'token' },
        { method: 'GET', path: '/api/v1/tenancies/{id}/payments', authorization: 'token' },
      ],
      deployments: [{ environment: 'staging', ...TENANCIES, authorizerCacheTtlSeconds: 0 }],
    })
  })

  it('gives the consumer a token for 30 days, once', async () => {
    expect(issued).toMatchObject({ state: 'active', consumer: holder.id })
    expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
    const lifetime = Date.parse(issued.expiresAt ?? '') - Date.parse(issued.issuedAt ?? '')
    expect(lifetime).toBe(30 * 86_400_000)
    expect(JSON.stringify(done(await client.tokens.show(issued.id)))).not.toContain(token.slice(0, 20))
  })

  it('lets the granted route through and tells the backend who calls', async () => {
    const { status, body } = await world.call({ path: TENANCY, token })
    expect(status).toBe(200)
    expect(JSON.parse(body)).toMatchObject({
      method: 'GET',
      path: '/api/v1/tenancies/7',
      caller: {
        'token-id': issued.id,
        'consumer-id': holder.id,
        consumer: holder.name,
        environment: 'staging',
        kid: issued.kid,
      },
    })
  })

  it.each([
    ['another method', 'POST', TENANCY_LIST, 403],
    ['another route', 'GET', TENANCY_LIST, 403],
    ['another API', 'GET', '/def456/staging/api/v1/repairs/7', 403],
    ['another stage', 'GET', '/abc123/production/api/v1/tenancies/7', 403],
  ])('refuses %s', async (_, method, path, status) => {
    expect((await world.call({ method, path, token })).status).toBe(status)
  })

  it('refuses garbage and nothing at all with 401 and a challenge', async () => {
    const garbage = await world.call({ path: TENANCY, token: 'garbage' })
    const nothing = await world.call({ path: TENANCY })
    expect([garbage.status, nothing.status]).toEqual([401, 401])
    for (const { headers } of [garbage, nothing])
      expect(headers['www-authenticate']).toBe('Bearer realm="countersign", error="invalid_token"')
  })

  it('keeps accepting the token after the signing key was rotated', async () => {
    const { kid } = done(await client.signingKeys.rotate())
    const keys = done(await client.signingKeys.list()).items
    expect(kid).not.toBe(issued.kid)
    // Other stories told in the same world have rotated as well.
    const kids = keys.map((key) => key.kid)
    expect([kids.includes(issued.kid ?? ''), kids.at(-1)]).toEqual([true, kid])
    expect((await world.call({ path: TENANCY, token })).status).toBe(200)
  })

  it('refuses the very next request after the revocation was acknowledged', async () => {
    expect((await world.call({ path: TENANCY, token })).status).toBe(200)
    const revoked = done(await client.tokens.revoke(issued.id, { reason: 'compromised' }))
    const next = await world.call({ path: TENANCY, token })
    expect(revoked).toMatchObject({ state: 'revoked', enforcedBy: revoked.revokedAt })
    expect(next.status).toBe(401)
  })

  it('stays revoked for good: the pipeline, an enablement and a second revocation change nothing', async () => {
    await world.settled()
    const enabled = await client.tokens.enable(issued.id)
    const again = done(await client.tokens.revoke(issued.id, { reason: 'requested' }))
    expect(!enabled.ok && enabled.error.reason === 'problem' && enabled.error.problem.code).toBe(
      'token_revoked',
    )
    expect(again.revocationReason).toBe('compromised')
    expect((await world.call({ path: TENANCY, token })).status).toBe(401)
  })

  it('leaves a line of what an operator was refused, found by the id that the refusal names', async () => {
    const refused = await client.tokens.show('tok_00000000000000000000000000000000')
    if (refused.ok || refused.error.reason !== 'problem') throw new Error('that token is there')
    const { instance = '', code } = refused.error.problem
    const [, requestId] = /^urn:countersign:request:(.+)$/.exec(instance) ?? []
    const said = async () => (await world.logged()).filter((line) => line.requestId === requestId)
    await expect
      .poll(said, { timeout: 30_000 })
      .toMatchObject([
        { route: 'GET /tokens/{id}', actor: decodeJwt(world.credential).sub, status: 404, code },
      ])
  })

  describe('in the audit log', async () => {
    const told = (log: readonly AuditEvent[]) =>
      log.map(({ type, subject, actor, causationid }) => [type, subject, actor, causationid ?? null])

    it('stands every fact with its actor and its cause', async () => {
      const api = done(await client.apis.show('tenancies')).id
      const operator = decodeJwt(world.credential).sub
      const log = await auditLog(client, { from: begun })
      const mine = log.filter(({ subject }) => [api, holder.id, issued.id].includes(subject))
      expect(told(mine)).toEqual([
        ['api.registered', api, 'api-hub', hubEventId],
        ['api.deployed', api, 'api-hub', hubEventId],
        ['consumer.registered', holder.id, operator, null],
        ['token.issued', issued.id, operator, null],
        ['token.revoked', issued.id, operator, null],
      ])
      expect(log.some(({ type, actor }) => type === 'signing-key.created' && actor === operator)).toBe(true)
    })

    it("carries the publisher's own id as correlation, and one request's id for each command", async () => {
      const log = await auditLog(client, { from: begun })
      const apis = done(await client.apis.list({ limit: 100 })).items
      const ids = apis.filter(({ name }) => ['tenancies', 'repairs'].includes(name)).map(({ id }) => id)
      const hub = log.filter(({ actor, subject }) => actor === 'api-hub' && ids.includes(subject))
      expect(new Set(hub.map(({ correlationid }) => correlationid))).toEqual(
        new Set(['hub-tenancies', 'hub-repairs']),
      )
      const commands = log.filter(
        ({ actor, subject }) => actor.startsWith('con_') && [holder.id, issued.id].includes(subject),
      )
      expect(commands).toHaveLength(3)
      expect(new Set(commands.map(({ correlationid }) => correlationid)).size).toBe(commands.length)
    })

    it('chains the events of each entity without a gap', async () => {
      const log = await auditLog(client, { entity: issued.id })
      expect(log.map(({ entityversion }) => entityversion)).toEqual([1, 2])
      expect(log[0]?.previoushash).toBe('')
      expect(log[1]?.previoushash).toMatch(/^sha-256:/)
    })

    it('is not one byte of the token', async () => {
      const text = JSON.stringify(await auditLog(client))
      for (const part of token.split('.')) expect(text).not.toContain(part)
    })
  })

  it('leaves a read model that equals its rebuild from the log, and nothing on the way', async () => {
    await world.settled()
    const { rebuilt, live } = await world.readModels()
    expect(live).toEqual(rebuilt)
    const { unrelayed, subscriptions } = done(await client.pipeline.status())
    // On AWS nobody can count what the relay still owes; that nothing is owed shows in the equal read models.
    expect(unrelayed ?? 0).toBe(0)
    for (const { waiting, inFlight } of subscriptions) expect([waiting, inFlight]).toEqual([0, 0])
    expect(await dead()).toEqual(deadAtFirst)
  })
})
