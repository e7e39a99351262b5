import { describe, expect, it } from 'vitest'
import {
  compilePath,
  formatRoute,
  isTemplate,
  METHODS,
  methodMatches,
  parseRoute,
  type Route,
  routesCovered,
  segmentsOf,
  shapeOf,
} from './route.ts'

const routes = (...texts: readonly string[]): readonly Route[] =>
  texts.map((text) => {
    const route = parseRoute(text)
    if (!route) throw new Error(`not a route: ${text}`)
    return route
  })

describe('a route', () => {
  it('is written and read alike, whatever its method', () => {
    for (const method of METHODS) {
      const text = `${method} /tenancies/{id}/files/{path+}`
      expect(parseRoute(text)).toEqual({ method, path: '/tenancies/{id}/files/{path+}' })
      expect(routes(text).map(formatRoute)).toEqual([text])
    }
  })

  it.for(['GET /a ', 'GET /a /b', 'GET', '/a', 'ANY'])('is not %j', (text) => {
    expect(parseRoute(text)).toBeUndefined()
  })

  it.for<[string, string, boolean]>([
    ['GET', 'GET', true],
    ['GET', 'POST', false],
    ['GET', 'get', false],
    ['GET', 'ANY', false],
    ['ANY', 'GET', true],
    ['ANY', 'PURGE', true],
  ])('with the method %s and a request with %s: %s', ([granted, asked, expected]) => {
    expect(METHODS.some((method) => method === granted && methodMatches(method, asked))).toBe(expected)
  })
})

describe('what a granted route stands for', () => {
  const registered = routes('GET /x/{id}', 'ANY /x/{id}', 'POST /x/{id}', 'GET /x', 'DELETE /y/{a+}').map(
    (route) => ({ ...route, authorization: 'token' as const }),
  )

  it.for<[string, readonly string[]]>([
    ['GET /x/{id}', ['GET /x/{id}']],
    ['POST /x/{other}', ['POST /x/{id}']],
    ['PUT /x/{id}', ['ANY /x/{id}']],
    ['ANY /x/{name}', ['GET /x/{id}', 'ANY /x/{id}', 'POST /x/{id}']],
    ['ANY /x', ['GET /x']],
    ['POST /x', []],
    ['GET /x/{id+}', []],
    ['DELETE /y/{b+}', ['DELETE /y/{a+}']],
    ['DELETE /y/{b}', []],
    ['GET /z', []],
  ])('%s: %j', ([granted, expected]) => {
    expect(routes(granted).flatMap((route) => routesCovered(registered, route).map(formatRoute))).toEqual(
      expected,
    )
  })
})

describe('a template', () => {
  it('shows no name of a parameter in its shape, and everything else', () => {
    expect(shapeOf('/a/{x}-{y}/b/{z+}')).toBe('/a/{}-{}/b/{+}')
  })

  it('is compiled once, and still says what it was', () => {
    expect(compilePath('/a/{x}').template).toBe('/a/{x}')
  })

  it.for<[string, string, boolean]>([
    ['/a/{p+}', '/b/c', false],
    ['/{a}/{p+}', '/x/y/z', true],
    ['/{a}/{p+}', '/x', false],
    ['/{a}x', '/ax', true],
    ['/{a}x', '/a', false],
    ['/x{a}', '/xa', true],
    ['/x{a}', '/a', false],
    ['/a{x}b', '/b', false],
    ['/{a}-{b}-{c}', '/1-2-3', true],
    ['/{a}-{b}-{c}', '/1--3', false],
    ['/{a}-{b}-{c}', '/1-2-', false],
  ])('%s and %s: %s', ([template, path, expected]) => {
    expect(compilePath(template).match(segmentsOf(path) ?? [])).toBe(expected)
  })

  it.for(['/a/..;x=1', '/.;', '/a/.;a/b'])('holds no dot segment with parameters: %s', (path) => {
    expect(isTemplate(path)).toBe(false)
    expect(segmentsOf(path)).toBeUndefined()
  })
})
