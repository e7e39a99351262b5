import { afterAll, describe, expect, it } from 'vitest'
import { done, openWorld } from '../support/world.ts'
import { auditLog, publish, TENANCIES } from './given.ts'

const responses = { 200: { description: 'done' } }
const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'visits', version: '1' },
  paths: {
    '/visits': { get: { 'x-countersign-authorization': 'group', responses } },
    '/tenancies': { get: { 'x-countersign-authorization': ['token', 'group'], responses } },
    '/keys': { get: { 'x-countersign-authorization': 'token', responses } },
  },
}
/** An API of this story alone: others are told in the same world. */
const NAME = 'visited'
const GROUP = '03dy6vkm2mjx8zd'
const RULES = { rules: [{ group: GROUP, routes: ['GET /visits', 'GET /tenancies'] }] }

describe('access rules over HTTP', async () => {
  const world = await openWorld()
  afterAll(() => world.stop())
  const { client } = world
  await publish(client, NAME, { document: DOCUMENT, at: { ...TENANCIES, gatewayId: 'vis123' } })

  const problemOf = async (rules: { rules: { group: string; routes: string[] }[] }, api = NAME) => {
    const refused = await client.apis.changeRules(api, 'staging', rules)
    if (refused.ok || refused.error.reason !== 'problem') throw new Error('it was not refused')
    return refused.error.problem
  }

  it('are kept per environment and shown with the API', async () => {
    done(await client.apis.changeRules(NAME, 'staging', RULES))
    const { accessRules } = done(await client.apis.show(NAME))
    expect(accessRules).toEqual([{ environment: 'staging', ...RULES }])
  })

  it('are refused with every fault and where it stands, and leave what was there', async () => {
    const problem = await problemOf({
      rules: [{ group: GROUP, routes: ['GET /keys', 'GET /nothing', 'visits'] }],
    })
    expect(problem).toMatchObject({ status: 400, code: 'invalid_request' })
    expect(problem.errors?.map(({ pointer, code }) => [pointer, code])).toEqual([
      ['/rules/0/routes/0', 'route_not_group_protected'],
      ['/rules/0/routes/1', 'route_not_found'],
      ['/rules/0/routes/2', 'route_malformed'],
    ])
    expect(done(await client.apis.show(NAME)).accessRules).toEqual([{ environment: 'staging', ...RULES }])
  })

  it.each(['', 'two words', 'a,b', 'x'.repeat(257)])('refuse the group "%s"', async (group) => {
    expect(await problemOf({ rules: [{ group, routes: ['GET /visits'] }] })).toMatchObject({ status: 400 })
  })

  it("refuse an unknown API, the platform's own, and another version than the caller has read", async () => {
    expect((await problemOf(RULES, 'nothing')).code).toBe('api_not_found')
    expect((await problemOf(RULES, 'countersign')).code).toBe('api_reserved')
    const stale = await client.apis.changeRules(NAME, 'staging', RULES, { ifMatch: '"1"' })
    expect(stale.ok ? undefined : stale.error).toMatchObject({ problem: { code: 'version_mismatch' } })
  })

  it('say one event for each change, and none for saying the same again', async () => {
    done(await client.apis.changeRules(NAME, 'staging', RULES))
    const log = await auditLog(client, { type: 'access-rule.changed' })
    const told = log.filter(({ data }) => data.name === NAME)
    expect(told.map(({ data }) => data)).toMatchObject([
      { environment: 'staging', name: NAME, rules: [{ group: GROUP }] },
    ])
  })

  it('go with the environment to other coordinates, and rebuilt equals live', async () => {
    done(
      await client.apis.deploy(NAME, 'staging', {
        ...{ ...TENANCIES, gatewayId: 'vis456' },
        authorizerCacheTtlSeconds: 0,
      }),
    )
    await world.settled()
    const { rebuilt, live } = await world.readModels()
    expect(Object.fromEntries(live)).toEqual(Object.fromEntries(rebuilt))
    const at = (gatewayId: string) =>
      live.get(`deployment#111111111111/eu-west-2/${gatewayId}/staging#0`)?.registers.rules?.value
    expect(at('vis456')).toMatchObject({ rules: [{ group: GROUP }] })
    expect(at('vis123')).toBeNull()
  })
})
