import { describe, expect, it } from 'vitest'
import { compileRules } from './access-rules.ts'
import { type Api, changeRules, deploy, evolve, register, rulesIn } from './api.ts'

const TIME = '2026-03-01T12:00:00.000Z'
const routes = [
  { method: 'GET', path: '/visits', authorization: 'group' },
  { method: 'ANY', path: '/visits/{id}', authorization: 'token+group' },
  { method: 'GET', path: '/tenancies', authorization: 'token' },
] as const
const api = { name: 'housing', routes }

describe('access rules', () => {
  it('open registered routes that groups may open, each once and in its own spelling', () => {
    const rules = compileRules(
      [{ group: '03dy6vkm', routes: ['GET /visits', 'DELETE /visits/{visit}', 'DELETE /visits/{id}'] }],
      api,
    )
    expect(rules).toEqual({
      ok: true,
      value: [
        {
          group: '03dy6vkm',
          routes: [
            { method: 'GET', path: '/visits' },
            { method: 'DELETE', path: '/visits/{id}' },
          ],
        },
      ],
    })
  })

  it('are refused with everything that is wrong with them, and where', () => {
    const rules = compileRules(
      [
        { group: 'a', routes: ['GET /visits', 'visits', 'GET /nothing'] },
        { group: 'a', routes: ['GET /tenancies', 'POST /visits'] },
      ],
      api,
    )
    expect(rules.ok ? [] : rules.error.map(({ pointer, code }) => [pointer, code])).toEqual([
      ['/rules/0/routes/1', 'route_malformed'],
      ['/rules/0/routes/2', 'route_not_found'],
      ['/rules/1/group', 'group_repeated'],
      ['/rules/1/routes/0', 'route_not_group_protected'],
      ['/rules/1/routes/1', 'route_not_found'],
    ])
    expect(rules.ok ? [] : rules.error.map(({ detail }) => detail)).toEqual([
      '"visits" is not of the form "GET /x/{id}"',
      '"housing" has no route "GET /nothing"',
      '"a" has a rule already; name its routes there',
      '"GET /tenancies" of "housing" is protected by token, which no group opens',
      '"housing" has no route "POST /visits"',
    ])
  })
})

describe('the rules of an environment', () => {
  const registered = register('api_1', { ...api, owner: 'team', publishedAt: TIME, routes: [...routes] })
  const given = (facts: ReturnType<typeof register>, before?: Api) =>
    facts.reduce<Api | undefined>((state, fact) => evolve(state, fact, TIME), before) as Api
  const rules = [{ group: 'a', routes: [{ method: 'GET', path: '/visits' } as const] }]
  const coordinates = { accountId: '111111111111', region: 'eu-west-2', gatewayId: 'abc', stage: 'v1' }
  const placement = { environment: 'staging', coordinates, authorizerCacheTtlSeconds: 0 }
  const free = { owner: undefined, generation: 0 }

  it('are those last said, and saying the same again changes nothing', () => {
    const ruled = given(changeRules(given(registered), 'staging', rules), given(registered))
    expect(rulesIn(ruled, 'staging')).toEqual(rules)
    expect(rulesIn(ruled, 'production')).toEqual([])
    expect(changeRules(ruled, 'staging', rules)).toEqual([])
    const [cleared] = changeRules(ruled, 'staging', [])
    expect(cleared?.data).toMatchObject({ environment: 'staging', rules: [] })
  })

  it('may be said before the API lives there, and come with the deployment', () => {
    const ruled = given(changeRules(given(registered), 'staging', rules), given(registered))
    const deployed = deploy(ruled, placement, free)
    expect(deployed.ok && deployed.value[0]?.data).toMatchObject({ rules })
    const elsewhere = deploy(ruled, { ...placement, environment: 'production' }, free)
    expect(elsewhere.ok && elsewhere.value[0]?.data).not.toHaveProperty('rules')
  })

  it('name where the environment lives, so that what they take away is taken at once', () => {
    const decided = deploy(given(registered), placement, free)
    const living = given(decided.ok ? decided.value : [], given(registered))
    expect(changeRules(living, 'staging', rules)[0]?.data).toMatchObject({ deployment: { coordinates } })
    expect(changeRules(living, 'production', rules)[0]?.data).not.toHaveProperty('deployment')
  })
})
