import { describe, expect, it } from 'vitest'
import { parseRoute } from '../shared/route.ts'
import { globMatcher, globMatches, globOf, reaches, reachesBeyondMethod } from './patterns.ts'

const route = (text: string) => {
  const parsed = parseRoute(text)
  if (!parsed) throw new Error(`${text} is no route`)
  return parsed
}

describe('a pattern of IAM', () => {
  it.each<[string, string, boolean]>([
    ['', '', true],
    ['', 'a', false],
    ['a', '', false],
    ['a', 'a', true],
    ['a', 'ab', false],
    ['ab', 'a', false],
    ['*', '', true],
    ['*', 'a/b', true],
    ['a*', 'a', true],
    ['a*', 'ba', false],
    ['*a', 'ba', true],
    ['*a', 'ab', false],
    ['a*b', 'a/x/b', true],
    ['a*b', 'ab', true],
    ['a*b', 'abc', false],
    ['a*b*c', 'abbcbc', true],
    ['a*b*c', 'acb', false],
    ['a**b', 'ab', true],
    ['**', '', true],
    ['?', 'a', true],
    ['?', '', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a?c', 'abbc', false],
    ['*?', 'a', true],
    ['*?', '', false],
    ['?*', 'ab', true],
    ['*.json', 'a.json.json', true],
    ['*aab', 'aaab', true],
    ['a*a', 'a', false],
    ['a?', 'a?', true],
    ['a*?b', 'ab', false],
    ['a*?b', 'a/b', true],
  ])('%j and %j: %s', (pattern, text, expected) => {
    expect(globMatches(pattern, text)).toBe(expected)
    expect(globMatcher(pattern)(text)).toBe(expected)
  })

  it('has a star in place of every parameter', () => {
    expect(globOf('/a/{x}-{y}.json/{z+}')).toBe('/a/*-*.json/*')
  })
})

describe('the pattern of a route', () => {
  it.each<[string, string, boolean]>([
    ['GET /a', 'GET /a', true],
    ['GET /a', 'GET /b', false],
    ['GET /a', 'POST /a', false],
    ['GET /a', 'ANY /a', true],
    ['ANY /a', 'GET /a', true],
    ['GET /x/{id}', 'GET /x/admin', true],
    ['GET /x/{id}', 'GET /x/{id}/secret', true],
    ['GET /x/{id}', 'GET /x', false],
    ['GET /x/{id}', 'GET /y/{id}', false],
    ['GET /x/{id}/b', 'GET /x/{id}/c', false],
    ['GET /x/{id}/b', 'GET /x/{p+}', true],
    ['GET /x/a', 'GET /x/{id}', true],
    ['GET /x/a/b', 'GET /x/{id}', false],
    ['GET /x/a/b', 'GET /x/{p+}', true],
    ['GET /x/', 'GET /x/{id}', false],
    ['GET /{a}.json', 'GET /x-{b}', true],
    ['GET /{a}.json', 'GET /{b}.xml', false],
    ['GET /a{x}', 'GET /{y}b', true],
    ['ANY /x', 'GET /admin/x', true],
    ['GET /x', 'GET /admin/x', false],
    ['ANY /x', 'GET /adminx', false],
    ['ANY /x', 'GET /admin/y', false],
    ['ANY /x', 'GET /{y}', true],
    ['ANY /x/{id}', 'POST /admin/x/7', true],
  ])('%s reaches %s: %s', (from, to, expected) => {
    expect(reaches(route(from), route(to))).toBe(expected)
  })

  it.each<[string, string, boolean]>([
    ['ANY /x', 'GET /x', false],
    ['ANY /x', 'GET /a/x', true],
    ['GET /x', 'GET /a/x', false],
    ['ANY /x', 'GET /a/{p+}', true],
  ])('%s reaches %s by its method: %s', (from, to, expected) => {
    expect(reachesBeyondMethod(route(from), route(to))).toBe(expected)
  })
})
