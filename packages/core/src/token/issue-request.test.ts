import { describe, expect, it } from 'vitest'
import {
  compileGrants,
  expiryOf,
  type GrantRequest,
  type IssuableApi,
  type JoinablePlan,
  needsApproval,
} from './issue-request.ts'

const api: IssuableApi = {
  id: 'api_1',
  name: 'tenancies',
  environments: ['staging', 'development'],
  routes: [
    { method: 'GET', path: '/x/{id}', authorization: 'token' },
    { method: 'POST', path: '/x/{key}', authorization: 'token' },
    { method: 'DELETE', path: '/x/{id}', authorization: 'iam' },
    { method: 'ANY', path: '/files/{proxy+}', authorization: 'token+group' },
    { method: 'GET', path: '/mixed', authorization: 'token' },
    { method: 'ANY', path: '/mixed', authorization: 'iam' },
    { method: 'GET', path: '/keys', authorization: 'api-key' },
    { method: 'GET', path: '/people', authorization: 'group' },
    { method: 'GET', path: '/open', authorization: 'open' },
  ],
}

const compile = (...requests: GrantRequest[]) =>
  compileGrants(requests, (name) => (name === api.name || name === api.id ? api : undefined))
const ask = (...routes: string[]): GrantRequest => ({ api: 'tenancies', environment: 'staging', routes })
const faults = (...requests: GrantRequest[]) => {
  const result = compile(...requests)
  return result.ok ? [] : result.error.map(({ pointer, code }) => `${pointer} ${code}`)
}
const routes = (...asked: string[]) => {
  const result = compile(ask(...asked))
  return result.ok
    ? result.value[0]?.routes.map(({ method, path }) => `${method} ${path}`)
    : result.error.map(({ code }) => code)
}

describe('compiling grants', () => {
  it('names the registered templates, whatever the parameters were called', () => {
    expect(routes('GET /x/{anything}')).toEqual(['GET /x/{id}'])
    expect(routes('POST /x/{id}')).toEqual(['POST /x/{key}'])
    expect(routes('GET /x/{a}', 'GET /x/{b}')).toEqual(['GET /x/{id}'])
    expect(routes('PATCH /files/{rest+}', 'ANY /files/{proxy+}')).toEqual([
      'PATCH /files/{proxy+}',
      'ANY /files/{proxy+}',
    ])
  })

  it('takes a method by the route that has it, not by the ANY beside it', () => {
    expect(routes('GET /mixed')).toEqual(['GET /mixed'])
    expect(routes('PUT /mixed')).toEqual(['route_not_token_protected'])
    expect(routes('ANY /mixed')).toEqual(['route_not_token_protected'])
  })

  it.for([
    ['ANY /x/{id}', 'route_not_token_protected'],
    ['DELETE /x/{id}', 'route_not_token_protected'],
    ['GET /keys', 'route_not_token_protected'],
    ['GET /people', 'route_not_token_protected'],
    ['GET /open', 'route_not_token_protected'],
    ['PUT /x/{id}', 'route_not_found'],
    ['GET /x', 'route_not_found'],
    ['GET /x/7', 'route_not_found'],
    ['GET /x/{id+}', 'route_not_found'],
    ['get /x/{id}', 'route_malformed'],
    ['/x/{id}', 'route_malformed'],
    ['*', 'route_malformed'],
    ['', 'route_malformed'],
  ] as const)('refuses %s: %s', ([route, code]) => {
    expect(faults(ask(route))).toEqual([`/grants/0/routes/0 ${code}`])
  })

  it('says everything that is wrong at once, and where', () => {
    expect(
      faults(
        ask('GET /x/{id}'),
        { api: 'none', environment: 'staging', routes: [] },
        { api: 'api_1', environment: 'production', routes: ['GET /none', 'nothing'] },
        { ...ask('GET /mixed'), api: 'api_1' },
      ),
    ).toEqual([
      '/grants/1/api api_not_found',
      '/grants/2/environment environment_not_deployed',
      '/grants/2/routes/0 route_not_found',
      '/grants/2/routes/1 route_malformed',
      '/grants/3 grant_repeated',
    ])
  })
})

describe('a usage plan of a grant', () => {
  const plan = { id: 'plan_1', name: 'hundred-a-day', apiId: 'api_1', environment: 'staging' } as const
  const counted = { ...api, routes: api.routes.filter(({ authorization }) => authorization !== 'api-key') }
  const compileWith = (
    usagePlan: string | undefined,
    of: IssuableApi = counted,
    planned: JoinablePlan = plan,
  ) =>
    compileGrants(
      [{ ...ask('GET /mixed'), usagePlan }],
      () => of,
      (name) => (name === planned.name ? planned : undefined),
    )
  const refused = (...given: Parameters<typeof compileWith>) => {
    const result = compileWith(...given)
    return result.ok ? [] : result.error
  }

  it('is kept by its id and name, and no grant has one unasked', () => {
    const kept = { planId: 'plan_1', name: 'hundred-a-day' }
    expect(compileWith('hundred-a-day')).toMatchObject({ ok: true, value: [{ usagePlan: kept }] })
    const without = compileWith(undefined)
    expect(without.ok && without.value[0]).toEqual({
      ...{ apiId: 'api_1', api: 'tenancies', environment: 'staging' },
      routes: [{ method: 'GET', path: '/mixed' }],
    })
  })

  it('has to exist, and to be of the API and environment that are granted', () => {
    const pointer = '/grants/0/usagePlan'
    const detail = '"hundred-a-day" is not a plan of "tenancies" in "staging"'
    const other = { pointer, code: 'usage_plan_of_other_grant', detail }
    expect(refused('hundred-a-day', counted, { ...plan, apiId: 'api_2' })).toEqual([other])
    expect(refused('hundred-a-day', counted, { ...plan, environment: 'development' })).toEqual([other])
    const unknown = { pointer, code: 'usage_plan_not_found', detail: 'there is no usage plan "none"' }
    expect(refused('none')).toEqual([unknown])
  })

  it('counts tokens or API keys, and never both', () => {
    const detail = '"tenancies" has routes that API keys open, so its plans count API keys'
    expect(refused('hundred-a-day', api)).toEqual([
      { pointer: '/grants/0/usagePlan', code: 'usage_plan_counts_api_keys', detail },
    ])
  })
})

describe('what is wrong with a request', () => {
  const details = (...requests: GrantRequest[]) => {
    const result = compile(...requests)
    return result.ok ? [] : result.error.map(({ detail }) => detail)
  }

  it('is said in words that name it', () => {
    expect(details({ api: 'none', environment: 'staging', routes: [] })).toEqual([
      'no API "none" is registered',
    ])
    expect(details({ ...ask('GET /mixed'), environment: 'production' })).toEqual([
      '"tenancies" has no deployment in "production"; it has staging, development',
    ])
    expect(details(ask('nothing', 'GET /none', 'DELETE /x/{id}'))).toEqual([
      '"nothing" is not of the form "GET /x/{id}"',
      '"tenancies" has no route "GET /none"',
      '"DELETE /x/{id}" of "tenancies" is protected by iam, which no token opens',
    ])
    expect(details(ask('GET /mixed'), ask('GET /mixed'))).toEqual(['one grant per API and environment'])
  })

  it('says none where an API has no deployment at all', () => {
    const result = compileGrants([ask('GET /mixed')], () => ({ ...api, environments: [] }))
    expect(!result.ok && result.error.map(({ detail }) => detail)).toEqual([
      '"tenancies" has no deployment in "staging"; it has none',
    ])
  })
})

describe('the expiry of a token', () => {
  const NOW = new Date('2026-01-01T00:00:00.900Z')
  const DAY = 86_400_000
  const expiry = (asked: Parameters<typeof expiryOf>[0], environments = ['staging']) => {
    const result = expiryOf(asked, environments, NOW)
    return result.ok ? result.value : result.error.map(({ pointer, code }) => `${pointer} ${code}`).join()
  }
  const inDays = (days: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + days * DAY).toISOString()

  it('is as asked, in whole seconds, or the default', () => {
    expect(expiry({})).toBe(inDays(90))
    expect(expiry({ expiresIn: '30d' })).toBe(inDays(30))
    expect(expiry({ expiresAt: '2026-03-01T00:00:00.999Z' })).toBe('2026-03-01T00:00:00.000Z')
    expect(expiry({ expiresIn: '1s' })).toBe('2026-01-01T00:00:01.000Z')
    expect(expiry({ expiresIn: '365d' })).toBe(inDays(365))
  })

  it.for<[Parameters<typeof expiryOf>[0], string]>([
    [{ expiresIn: '366d' }, '/expiresIn expiry_too_late'],
    [{ expiresIn: '999999999d' }, '/expiresIn expiry_too_late'],
    [{ expiresAt: inDays(366) }, '/expiresAt expiry_too_late'],
    [{ expiresAt: '9999-12-31T23:59:59Z' }, '/expiresAt expiry_too_late'],
    [{ expiresIn: 'soon' }, '/expiresIn expiry_malformed'],
    [{ expiresIn: '' }, '/expiresIn expiry_malformed'],
    [{ expiresIn: '0s' }, '/expiresIn expiry_malformed'],
    [{ expiresAt: 'tomorrow' }, '/expiresAt expiry_malformed'],
    [{ expiresAt: '' }, '/expiresAt expiry_malformed'],
    [{ expiresAt: '2026-01-01T00:00:00.950Z' }, '/expiresAt expiry_in_the_past'],
    [{ expiresAt: '1970-01-01T00:00:00Z' }, '/expiresAt expiry_in_the_past'],
    [{ expiresAt: inDays(1), expiresIn: '1d' }, '/expiresIn expiry_given_twice'],
  ])('%j: %s', ([asked, expected]) => {
    expect(expiry(asked)).toBe(expected)
  })

  it.for<[Parameters<typeof expiryOf>[0], string]>([
    [{ expiresIn: '366d' }, `the latest for staging, production is ${inDays(365)}`],
    [{ expiresAt: inDays(-1) }, `${inDays(-1)} is over`],
    [{ expiresIn: 'soon' }, '"soon" is no instant in UTC, nor a duration like 30d'],
    [{ expiresAt: 'tomorrow' }, '"tomorrow" is no instant in UTC, nor a duration like 30d'],
    [{ expiresAt: inDays(1), expiresIn: '1d' }, 'give expiresAt or expiresIn, not both'],
  ])('%j: in words, %s', ([asked, words]) => {
    const result = expiryOf(asked, ['staging', 'production'], NOW)
    expect(!result.ok && result.error.map(({ detail }) => detail)).toEqual([words])
  })

  it('needs somebody else in production', () => {
    expect(needsApproval([{ environment: 'staging' }, { environment: 'production' }])).toBe(true)
    expect(needsApproval([{ environment: 'staging' }])).toBe(false)
  })
})
