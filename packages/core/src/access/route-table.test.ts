import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Authorization, Method, ProtectedRoute, Route } from '../shared/route.ts'
import { oneRoutePolicy, openingPolicy } from './policies.ts'
import { wholePolicy } from './policy.ts'
import { routeTableOf } from './route-table.ts'
import { opens, routeOf } from './templates.ts'

const route = (text: string, authorization: Authorization = 'token'): ProtectedRoute => {
  const [method, path = ''] = text.split(' ')
  return { method: method as Method, path, authorization }
}

const templates = fc
  .array(fc.constantFrom('a', 'b', '{x}', '{y}', 'a{x}', '{x}.json'), { minLength: 1, maxLength: 3 })
  .chain((segments) =>
    fc.constantFrom('', '', '/{proxy+}').map((greedy) => `/${segments.join('/')}${greedy}`),
  )
const granted = fc.record({ method: fc.constantFrom<Method>('GET', 'POST', 'ANY'), path: templates })
const registered = fc
  .tuple(granted, fc.constantFrom<Authorization>('token', 'token+group', 'iam', 'open'))
  .map(([one, authorization]): ProtectedRoute => ({ ...one, authorization }))
const asked = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT'),
  segments: fc.array(fc.constantFrom('a', 'b', 'ab', 'x.json', ''), { minLength: 1, maxLength: 5 }),
})

/** What a table gives, worked out from nothing. */
const openedFrom = (routes: readonly ProtectedRoute[], grants: readonly Route[]) =>
  routes.flatMap((one) => {
    if (!one.authorization.startsWith('token')) return []
    const methods = grants.map((grant) => opens(grant, one)).filter((method) => method !== undefined)
    return methods.length > 0 ? [{ registered: one, methods: new Set(methods) }] : []
  })

describe('the table of an API’s routes', () => {
  it('says of every request and every grant what the list of routes says, however often it is asked', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(registered, { maxLength: 8 }), fc.array(granted, { maxLength: 5 })), {
          minLength: 2,
          maxLength: 4,
        }),
        fc.array(asked, { minLength: 1, maxLength: 8 }),
        (versions, requests) => {
          for (const [routes, grants] of [...versions, ...versions]) {
            const table = routeTableOf('api_1', routes)
            expect(table.openedBy('token', grants)).toEqual(openedFrom(routes, grants))
            for (const { method, segments } of requests)
              expect(table.routeOf(method, segments)).toEqual(routeOf(routes, method, segments))
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('is another one as soon as a route, its method or its protection is another', () => {
    const first = routeTableOf('api_2', [route('GET /a')])
    expect(routeTableOf('api_2', [route('GET /a')])).toBe(first)
    expect(routeTableOf('api_2', [route('GET /a', 'iam')]).openedBy('token', [route('GET /a')])).toEqual([])
    expect(routeTableOf('api_2', [route('POST /a')]).routeOf('GET', ['a'])).toBeUndefined()
    expect(routeTableOf('api_2', [route('GET /b')]).routeOf('GET', ['a'])).toBeUndefined()
    expect(routeTableOf('api_2', []).routeOf('GET', ['a'])).toBeUndefined()
    expect(routeTableOf('api_2', [route('GET /a')]).routeOf('GET', ['a'])).toEqual(route('GET /a'))
  })

  it('is not changed when the list it was made of is', () => {
    const routes = [{ ...route('GET /a') }]
    const table = routeTableOf('api_3', routes)
    const [only] = routes
    if (only) Object.assign(only, { authorization: 'iam' })
    expect(table.openedBy('token', [route('GET /a')])).toHaveLength(1)
    expect(routeTableOf('api_3', routes).openedBy('token', [route('GET /a')])).toEqual([])
  })

  it('never takes two grants for one because their texts run together', () => {
    const table = routeTableOf('api_4', [route('GET /a'), route('GET /b')])
    const one = table.openedBy('token', [{ method: 'GET', path: '/a GET /b' }])
    expect(one).toEqual([])
    expect(table.openedBy('token', [route('GET /a'), route('GET /b')])).toHaveLength(2)
    expect(table.openedBy('token', [{ method: 'GET', path: '/a 2 GET /b' }])).toEqual([])
  })

  it('never takes two grants for one because they begin and end alike', () => {
    const paths = Array.from({ length: 40 }, (_, index) => `GET /${index}`)
    const all = ['GET /a', ...paths, 'GET /z'].map((text) => route(text))
    const table = routeTableOf('api_8', all)
    for (const path of [...paths, ...paths]) {
      const opened = table.openedBy('token', [route('GET /a'), route(path), route('GET /z')])
      expect(opened.map(({ registered }) => `GET ${registered.path}`)).toEqual(['GET /a', path, 'GET /z'])
    }
  })

  it('gives one object for equal grants, and believes a grant that was changed', () => {
    const table = routeTableOf('api_9', [route('GET /a'), route('GET /b')])
    const grant = [{ ...route('GET /a') }]
    const opened = table.openedBy('token', grant)
    expect(table.openedBy('token', [route('GET /a')])).toBe(opened)
    expect(table.openedBy('group', [route('GET /a')])).toEqual([])
    const [only] = grant
    if (only) Object.assign(only, { path: '/b' })
    expect(table.openedBy('token', grant)).toEqual(openedFrom(table.routes, [route('GET /b')]))
  })
})

describe('the policy of an opening', () => {
  const STAGES = [
    'arn:aws:execute-api:eu-west-2:111111111111:abc123/staging',
    'arn:aws:execute-api:eu-west-2:111111111111:abc123/live',
  ]
  const binding = (routes: readonly ProtectedRoute[]) =>
    ({ apiId: 'api_5', api: 'a', environment: 'staging', routes, authorizerCacheTtlSeconds: 0 }) as const

  it('is the whole policy, stage by stage, and after the routes or the grants changed', () => {
    const versions = [
      [route('GET /a'), route('GET /{x}')],
      [route('GET /a', 'iam'), route('GET /{x}')],
    ]
    for (const routes of [...versions, ...versions]) {
      for (const grant of [route('GET /{x}'), route('ANY /a')]) {
        const table = routeTableOf('api_5', routes)
        const opened = table.openedBy('token', [grant])
        for (const stage of [...STAGES, ...STAGES])
          expect(openingPolicy({ opened, binding: binding(table.routes) }, stage)).toEqual(
            wholePolicy(stage, table.routes, openedFrom(table.routes, [grant])),
          )
      }
    }
  })

  it('is one that may be kept where the deployment keeps answers', () => {
    const table = routeTableOf('api_6', [route('GET /{x+}')])
    const opened = table.openedBy('token', [route('GET /{x+}')])
    const [stage = ''] = STAGES
    for (const authorizerCacheTtlSeconds of [0, 1, 300, 0]) {
      const kept = authorizerCacheTtlSeconds > 0
      const given = { opened, binding: { ...binding(table.routes), authorizerCacheTtlSeconds } }
      expect(openingPolicy(given, stage)).toEqual(wholePolicy(stage, table.routes, opened, kept))
    }
    expect(wholePolicy(stage, table.routes, opened, true)).not.toEqual(
      wholePolicy(stage, table.routes, opened),
    )
  })

  it('of one route opens that and no other, and is none of a route that is not opened', () => {
    const table = routeTableOf('api_7', [route('GET /a'), route('GET /b'), route('GET /c', 'iam')])
    const opened = table.openedBy('token', [route('GET /a'), route('GET /b')])
    const [stage = ''] = STAGES
    const given = { opened, binding: binding(table.routes) }
    const [first, second, closed] = table.routes
    if (!first || !second || !closed) throw new Error('three routes')
    expect(oneRoutePolicy(given, second, stage)).toEqual(wholePolicy(stage, table.routes, opened.slice(1)))
    expect(oneRoutePolicy(given, first, stage)).toEqual(wholePolicy(stage, table.routes, opened.slice(0, 1)))
    expect(oneRoutePolicy(given, closed, stage)).toBeUndefined()
  })
})
