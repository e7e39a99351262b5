import { afterAll, describe, expect, it } from 'vitest'
import {
  auditLog,
  clientOf,
  consumer,
  issue,
  publish,
  SHOW,
  secondOperator,
  TENANCIES,
} from '../acceptance/given.ts'
import { done, startWorld } from '../support/world.ts'
import { ask, expectProblem, protectedRoutes } from './given.ts'

const PRODUCTION = { ...TENANCIES, stage: 'production' }
const PATH = '/abc123/production/api/v1/tenancies/7'

/** Production needs two people: whoever asks for a token is never the one who agrees to it. */
describe('a token for production', async () => {
  const world = await startWorld()
  afterAll(() => world.stop())
  await publish(world.client, 'tenancies', { at: PRODUCTION, environment: 'production' })
  const requester = await secondOperator(world, protectedRoutes)
  const approver = await secondOperator(world, protectedRoutes)
  const holder = await consumer(world.client)
  const requesting = clientOf(world, requester.secret)
  const approving = clientOf(world, approver.secret)
  const grants = [{ api: 'tenancies', environment: 'production', routes: [SHOW] }]
  const request = async () =>
    done(await requesting.tokens.issue({ consumer: holder.id, grants, expiresIn: '1d' }))
  const post = (path: string, { secret }: { readonly secret: string }, body: object = {}) =>
    ask(world, `POST ${path}`, { token: secret, body })

  it('is asked for: 202, and no token in the answer', async () => {
    const grant = { consumer: holder.id, grants, expiresIn: '1d' }
    const { status, body } = await post('/tokens', requester, grant)
    expect([status, JSON.parse(body)]).toEqual([202, expect.objectContaining({ state: 'requested' })])
    expect(JSON.parse(body).token).toBeUndefined()
    expect(JSON.parse(body).kid).toBeUndefined()
  })

  it('is refused to its requester as approver, under another token of theirs too', async () => {
    const { id } = await request()
    const otherHand = await issue(world, {
      api: 'countersign',
      environment: 'local',
      routes: protectedRoutes,
      holder: requester.consumer,
    })
    for (const hand of [requester, otherHand])
      expectProblem(await post(`/tokens/${id}/approval`, hand), 403, 'approver_is_requester')
    expect(done(await requesting.tokens.show(id)).state).toBe('requested')
  })

  it('cannot be collected before it is approved, nor by anybody but its requester', async () => {
    const { id } = await request()
    expectProblem(await post(`/tokens/${id}/collection`, requester), 409, 'token_not_approved')
    done(await approving.tokens.approve(id))
    expectProblem(await post(`/tokens/${id}/collection`, approver), 403, 'collector_is_not_requester')
    expect(done(await requesting.tokens.collect(id)).token).toMatch(/\./)
  })

  it('is collected once, works from then on, and names who did what', async () => {
    const { id } = await request()
    done(await approving.tokens.approve(id))
    const { token = '' } = done(await requesting.tokens.collect(id))
    await world.settled()
    expect((await world.call({ path: PATH, token })).status).toBe(200)
    expectProblem(await post(`/tokens/${id}/collection`, requester), 409, 'token_not_approved')
    const log = await auditLog(world.client, { entity: id })
    expect(log.map(({ type, actor }) => [type, actor])).toEqual([
      ['token.requested', requester.consumer],
      ['token.approved', approver.consumer],
      ['token.issued', requester.consumer],
      ['token.collected', requester.consumer],
    ])
  })

  it('collected twice under one Idempotency-Key is the same token, collected once', async () => {
    const { id } = await request()
    done(await approving.tokens.approve(id))
    const first = done(await requesting.tokens.collect(id, { idempotencyKey: 'collect-1' }))
    const second = done(await requesting.tokens.collect(id, { idempotencyKey: 'collect-1' }))
    expect(second).toEqual(first)
    const stolen = await clientOf(world, approver.secret).tokens.collect(id, { idempotencyKey: 'collect-1' })
    expect(stolen.ok).toBe(false)
  })

  it('that was rejected is never issued', async () => {
    const { id } = await request()
    expect(done(await approving.tokens.reject(id, { note: 'no need shown' })).state).toBe('rejected')
    expectProblem(await post(`/tokens/${id}/approval`, approver), 409, 'token_not_requested')
    expectProblem(await post(`/tokens/${id}/collection`, requester), 409, 'token_not_approved')
    expectProblem(
      await post(`/tokens/${id}/revocation`, requester, { reason: 'requested' }),
      409,
      'token_not_issued',
    )
  })

  it('whose approval was taken back before it was collected is never issued', async () => {
    const { id } = await request()
    expect(done(await approving.tokens.approve(id)).state).toBe('approved')
    expect(done(await approving.tokens.reject(id)).state).toBe('rejected')
    expectProblem(await post(`/tokens/${id}/collection`, requester), 409, 'token_not_approved')
  })

  it('needs approval even when only one of its grants is for production', async () => {
    done(await world.client.apis.deploy('tenancies', 'staging', TENANCIES))
    const staging = { api: 'tenancies', environment: 'staging', routes: [SHOW] }
    const asked = done(await requesting.tokens.issue({ consumer: holder.id, grants: [staging, ...grants] }))
    expect(asked).toMatchObject({ state: 'requested' })
  })
})

/** P20 of the systems before this one: what cannot be issued is refused with every reason. */
describe('a token that cannot be issued', async () => {
  const world = await startWorld()
  afterAll(() => world.stop())
  await publish(world.client, 'tenancies')
  const { id: holder } = await consumer(world.client)
  const good = { api: 'tenancies', environment: 'staging', routes: [SHOW] }
  const refused = async (body: object) =>
    expectProblem(await ask(world, 'POST /tokens', { token: world.credential, body }), 400)

  it.each([
    ['a past expiry', { expiresAt: '2020-01-01T00:00:00Z' }, 'expiry_in_the_past', '/expiresAt'],
    ['an expiry too far away', { expiresIn: '3650d' }, 'expiry_too_late', '/expiresIn'],
    ['a duration that is none', { expiresIn: 'forever' }, 'expiry_malformed', '/expiresIn'],
    ['an unknown API', { grants: [{ ...good, api: 'nobody' }] }, 'api_not_found', '/grants/0/api'],
    [
      'an unknown route',
      { grants: [{ ...good, routes: ['GET /x'] }] },
      'route_not_found',
      '/grants/0/routes/0',
    ],
    [
      'a bad method',
      { grants: [{ ...good, routes: ['FETCH /x'] }] },
      'route_malformed',
      '/grants/0/routes/0',
    ],
    [
      'a path that is no template',
      { grants: [{ ...good, routes: ['GET /a/../b'] }] },
      'route_malformed',
      '/grants/0/routes/0',
    ],
    ['a wildcard', { grants: [{ ...good, routes: ['GET /*'] }] }, 'route_malformed', '/grants/0/routes/0'],
    [
      'an environment it is not in',
      { grants: [{ ...good, environment: 'moon' }] },
      'environment_not_deployed',
      '/grants/0/environment',
    ],
    ['an unknown consumer', { consumer: 'con_0123' }, 'consumer_not_found', '/consumer'],
    ['two grants for one', { grants: [good, good] }, 'grant_repeated', '/grants/1'],
  ])('for %s', async (_, change, code, pointer) => {
    const problem = await refused({ consumer: holder, grants: [good], ...change })
    expect(problem.code).toBe(code)
    expect(problem.errors).toContainEqual(expect.objectContaining({ code, pointer }))
  })

  it('opens no more than an event could carry', async () => {
    const routes = Array.from({ length: 150 }, (_, index) => `GET /${'x'.repeat(1_000)}${index}`)
    const problem = await refused({ consumer: holder, grants: [{ ...good, routes }] })
    expect(problem).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/grants' }] })
  })

  it('is told every reason at once', async () => {
    const grants = [
      { ...good, routes: ['GET /x', 'FETCH /y'] },
      { ...good, api: 'nobody' },
    ]
    const { code, errors } = await refused({ consumer: 'con_0123', grants, expiresIn: '3650d' })
    expect(code).toBe('invalid_request')
    const codes = errors?.map((error) => error.code)
    expect(codes).toEqual(
      expect.arrayContaining([
        'consumer_not_found',
        'route_not_found',
        'route_malformed',
        'api_not_found',
        'expiry_too_late',
      ]),
    )
  })

  it('leaves nothing behind', async () => {
    expect(done(await world.client.tokens.list({ api: 'tenancies' })).items).toEqual([])
  })

  it('gets the default life of its environment where none is asked for', async () => {
    const { issuedAt, expiresAt } = done(
      await world.client.tokens.issue({ consumer: holder, grants: [good] }),
    )
    expect(Date.parse(expiresAt ?? '') - Date.parse(issuedAt ?? '')).toBe(90 * 86_400_000)
  })
})

/** P21: the list. */
describe('the list of tokens', async () => {
  const world = await startWorld()
  afterAll(() => world.stop())
  await publish(world.client, 'tenancies')
  const { id: holder } = await consumer(world.client)
  const ids: string[] = []
  for (let count = 0; count < 4; count++) ids.push((await issue(world, { holder })).id)

  it('comes in pages with an opaque cursor, and never with an empty one at the end', async () => {
    const first = done(await world.client.tokens.list({ consumer: holder, limit: 2 }))
    const second = done(
      await world.client.tokens.list({ consumer: holder, limit: 2, cursor: first.nextCursor ?? '' }),
    )
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids)
    expect(second.nextCursor).toBeNull()
    expect(first.nextCursor).not.toContain('tok_')
  })

  it('is filtered by state', async () => {
    done(await world.client.tokens.disable(ids[0] ?? ''))
    done(await world.client.tokens.revoke(ids[1] ?? '', { reason: 'requested' }))
    const inState = async (state: string) =>
      done(await world.client.tokens.list({ consumer: holder, state })).items.map(({ id }) => id)
    expect(await inState('disabled')).toEqual([ids[0]])
    expect(await inState('revoked')).toEqual([ids[1]])
    expect(await inState('active')).toEqual([ids[2], ids[3]])
    expect(await inState('expired')).toEqual([])
  })
})
