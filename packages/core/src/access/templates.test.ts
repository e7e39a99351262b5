import { describe, expect, it } from 'vitest'
import { formatRoute, type Method, parseRoute, type Route } from '../shared/route.ts'
import { reaches, reachesBeyondMethod } from './patterns.ts'
import { compareSpecificity, methodsLeft, methodsOverlap, opens, routeOf, routeShape } from './templates.ts'

/*
 * Templates are compiled once per process, so each case has words of its own: what is looked at is compiled there and then.
 */
let cases = 0
const fresh = () => {
  const mark = `${++cases}`
  const named = (path: string) => path.replaceAll(/[a-z]+/g, (word) => word + mark)
  const route = (text: string): Route => {
    const [method = '', path = ''] = text.split(' ')
    const parsed = parseRoute(`${method} ${named(path)}`)
    if (!parsed) throw new Error(`${text} is no route`)
    return parsed
  }
  const written = (one: Route | undefined) => one && formatRoute(one).replaceAll(mark, '')
  return { named, route, written }
}

describe('the route that a request goes to', () => {
  it.each<[string, readonly string[], string | undefined]>([
    ['GET /x/secret', ['GET /x/{id}', 'GET /x/secret'], 'GET /x/secret'],
    ['GET /x/other', ['GET /x/{id}', 'GET /x/secret'], 'GET /x/{id}'],
    ['GET /x', ['ANY /x', 'GET /x'], 'GET /x'],
    ['POST /x', ['ANY /x', 'GET /x'], 'ANY /x'],
    ['GET /x/y', ['GET /x/{id}', 'ANY /x/y'], 'ANY /x/y'],
    ['GET /x/y', ['POST /x/y', 'GET /x/{id}'], 'GET /x/{id}'],
    ['GET /x', ['POST /x'], undefined],
    ['GET /a/b', ['GET /{p}/b', 'GET /a/{q}'], 'GET /a/{q}'],
    ['GET /ab', ['GET /{x}', 'GET /{y+}'], 'GET /{x}'],
    ['GET /a-b', ['GET /{x}', 'GET /{y}-b'], 'GET /{y}-b'],
    ['GET /a-b', ['GET /{p+}', 'GET /a-{y}'], 'GET /a-{y}'],
    ['GET /a/b/c', ['GET /a/{p+}', 'GET /a/b/{p+}'], 'GET /a/b/{p+}'],
    ['GET /a/b/c', ['GET /{p+}', 'GET /{x}/{p+}'], 'GET /{x}/{p+}'],
    ['GET /a/b/c', ['GET /a/{p+}', 'GET /a/{x}/c'], 'GET /a/{x}/c'],
    ['GET /a/b', ['GET /{x}/{y}', 'ANY /{x}/{y}'], 'GET /{x}/{y}'],
  ])('is of %s among %j: %s', (asked, registered, expected) => {
    for (const order of [registered, registered.toReversed()]) {
      const { route, written } = fresh()
      const { method, path } = route(asked)
      const found = routeOf(order.map(route), method, path.slice(1).split('/'))
      expect(written(found)).toBe(expected)
    }
  })

  it.each<[string, string]>([
    ['/a', '/a{x}'],
    ['/a', '/{x}'],
    ['/a{x}', '/{x}'],
    ['/{x}a', '/{x}'],
    ['/{x}-{y}', '/{x}'],
    ['/{x}', '/{x+}'],
    ['/a{x}', '/{x+}'],
    ['/a/{x}', '/{x}/a'],
    ['/a/{x}/a', '/a/{x}/{y}'],
    ['/a/{x}', '/a'],
    ['/a/{x+}', '/a'],
  ])('is rather %s than %s', (more, less) => {
    const { named } = fresh()
    expect(compareSpecificity(named(more), named(less))).toBeGreaterThan(0)
    expect(compareSpecificity(named(less), named(more))).toBeLessThan(0)
    expect(compareSpecificity(named(more), named(more))).toBe(0)
  })
})

describe('a granted route', () => {
  it.each<[string, string, Method | undefined]>([
    ['GET /x/{id}', 'GET /x/{other}', 'GET'],
    ['GET /x/{id}', 'ANY /x/{id}', 'GET'],
    ['ANY /x/{id}', 'GET /x/{id}', 'GET'],
    ['ANY /x/{id}', 'ANY /x/{id}', 'ANY'],
    ['GET /x/{id}', 'POST /x/{id}', undefined],
    ['GET /x/{id}', 'GET /x/{id+}', undefined],
    ['ANY /x/{id}', 'GET /x/y', undefined],
  ])('%s opens of %s: %s', (granted, registered, expected) => {
    const { route } = fresh()
    expect(opens(route(granted), route(registered))).toBe(expected)
  })

  it.each<[Method, readonly Method[], readonly Method[], readonly Method[]]>([
    ['GET', [], [], ['GET']],
    ['GET', ['GET'], [], []],
    ['GET', ['POST'], ['POST'], ['GET']],
    ['ANY', [], [], ['ANY']],
    ['ANY', ['ANY'], ['GET'], []],
    ['ANY', ['GET'], [], ['PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE']],
    ['ANY', [], ['GET', 'PUT'], ['POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE']],
    ['ANY', ['GET'], ['TRACE'], ['PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH']],
  ])('leaves of %s, with %j opened beside %j: %j', (method, opened, others, left) => {
    expect(methodsLeft({ method, path: '/x' }, new Set(opened), new Set(others))).toEqual(left)
  })

  it('overlaps where one request can be both', () => {
    expect(methodsOverlap('GET', 'GET')).toBe(true)
    expect(methodsOverlap('GET', 'POST')).toBe(false)
    expect(methodsOverlap('ANY', 'POST')).toBe(true)
    expect(methodsOverlap('POST', 'ANY')).toBe(true)
  })

  it('has the shape of those that could not be told from it', () => {
    expect(routeShape({ method: 'GET', path: '/x/{id}/{p+}' })).toBe('GET /x/{}/{+}')
  })
})

describe('the pattern of a route, for words that nobody has met', () => {
  it.each<[string, string, boolean]>([
    ['GET /a', 'GET /a', true],
    ['GET /a', 'GET /b', false],
    ['GET /x/{id}', 'GET /x/admin', true],
    ['GET /x/{id}', 'GET /x/{id}/secret', true],
    ['GET /x/{id}', 'GET /y/{id}', false],
    ['GET /x/{id}/b', 'GET /x/{id}/c', false],
    ['GET /x/{id}/b', 'GET /x/{p+}', true],
    ['GET /x/a', 'GET /x/{id}', true],
    ['GET /x/a/b', 'GET /x/{id}', false],
    ['GET /x/a/b', 'GET /x/{p+}', true],
    ['GET /x/', 'GET /x/{id}', false],
    ['GET /x/', 'GET /x/{p+}', false],
    ['GET /{a}.json', 'GET /x-{b}', true],
    ['GET /{a}.json', 'GET /{b}.xml', false],
    ['GET /a{x}b', 'GET /a{y}c', false],
    ['GET /a{x}', 'GET /b{y}', false],
    ['ANY /x', 'GET /admin/x', true],
    ['ANY /x', 'GET /admin/y', false],
    ['ANY /x', 'GET /{y}', true],
    ['ANY /x', 'GET /{y}/x', true],
    ['ANY /x/{id}', 'POST /admin/x/{id}', true],
    ['ANY /x/{id}/b', 'POST /admin/x/{id}/c', false],
  ])('%s reaches %s: %s', (from, to, expected) => {
    const { route } = fresh()
    expect(reaches(route(from), route(to))).toBe(expected)
  })

  it('crosses slashes where its method is a star', () => {
    const { route } = fresh()
    expect(reachesBeyondMethod(route('ANY /x'), route('GET /a/x'))).toBe(true)
    expect(reachesBeyondMethod(route('ANY /x'), route('GET /ax'))).toBe(false)
  })
})
