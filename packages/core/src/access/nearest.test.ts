import { describe, expect, it } from 'vitest'
import { parseRoute, type Route } from '../shared/route.ts'
import { ADVICE } from './advice.ts'
import { CHALLENGES, type DenialReason } from './denial.ts'
import { type Candidate, nearestOf } from './nearest.ts'

const route = (text: string): Route => {
  const parsed = parseRoute(text)
  if (!parsed) throw new Error(`${text} is no route`)
  return parsed
}

const candidate = (text: string, more: Partial<Candidate> = {}): Candidate => ({
  apiId: 'api_1',
  environment: 'staging',
  route: route(text),
  ...more,
})

const nearest = (candidates: readonly Candidate[], asked: string, registered: readonly string[] = []) => {
  const [method = '', path = ''] = asked.split(' ')
  const wanted = { apiId: 'api_1', environment: 'staging', method, path, registered: registered.map(route) }
  const found = nearestOf(candidates, wanted)
  return found && [found.environment, `${found.route.method} ${found.route.path}`, ...found.differs]
}

describe('the nearest grant', () => {
  it('is none where nothing is granted', () => {
    expect(nearest([], 'GET /a')).toBeUndefined()
  })

  it('is of the API that was asked for before all else, then of the environment', () => {
    const [other, elsewhere, here] = [
      candidate('GET /a', { apiId: 'api_2' }),
      candidate('GET /a', { environment: 'production' }),
      candidate('POST /b/{c}'),
    ]
    expect(nearest([other, elsewhere, here], 'GET /a')).toEqual(['staging', 'POST /b/{c}', 'path', 'method'])
    expect(nearest([other, elsewhere], 'GET /a')).toEqual(['production', 'GET /a', 'environment'])
    expect(nearest([other], 'GET /a')).toEqual(['staging', 'GET /a', 'api'])
  })

  it('has the path rather than the method', () => {
    const candidates = [candidate('GET /tenancies'), candidate('POST /tenancies/{id}')]
    expect(nearest(candidates, 'GET /tenancies/7')).toEqual(['staging', 'POST /tenancies/{id}', 'method'])
  })

  it('of several paths that are none of it is the one with most in common', () => {
    const candidates = ['GET /a', 'GET /tenancies/{id}/notes', 'GET /tenancies/{id}/payments/{id}'].map(
      (text) => candidate(text),
    )
    expect(nearest(candidates, 'GET /tenancies/7/payments')).toEqual([
      'staging',
      'GET /tenancies/{id}/payments/{id}',
      'path',
    ])
  })

  it.each([
    ['/tenancies/7/notes', '/tenancies/{id}/payments/{of}'],
    ['/tenancies/{id}/payments/{of}', '/tenancies/{id}'],
    ['/tenancies/{id}', '/tenancies'],
    ['/tenancies', '/tenancies/7/a/b/c/d/e'],
    ['/tenancies/7/a/b/c/d/e', '/a/{b}'],
    ['/a/{b}', '/a'],
    ['/x/{y}/z', '/a'],
  ])('has rather the path %s than %s, whichever comes first', (more, less) => {
    const both = [candidate(`GET ${more}`), candidate(`GET ${less}`)]
    for (const candidates of [both, both.toReversed()])
      expect(nearest(candidates, 'GET /tenancies/7/payments')).toEqual(['staging', `GET ${more}`, 'path'])
  })

  it('of two that are equally near is the one that comes first', () => {
    const both = [candidate('GET /a'), candidate('GET /b')]
    expect(nearest(both, 'GET /c')).toEqual(['staging', 'GET /a', 'path'])
    expect(nearest(both.toReversed(), 'GET /c')).toEqual(['staging', 'GET /b', 'path'])
  })

  it('with a parameter is not the same where a more specific route takes the request', () => {
    const registered = ['GET /x/{id}', 'GET /x/secret']
    expect(nearest([candidate('GET /x/{id}')], 'GET /x/secret', registered)).toEqual([
      'staging',
      'GET /x/{id}',
      'path',
    ])
    expect(nearest([candidate('GET /x/{id}')], 'GET /x/7', registered)).toEqual(['staging', 'GET /x/{id}'])
  })

  it("is of a group the person is in, when another group's is no nearer", () => {
    const [strangers, own] = [
      candidate('GET /a', { group: { id: 'strangers', held: false } }),
      candidate('GET /a', { group: { id: 'own', held: true } }),
    ]
    expect(nearest([strangers, own], 'GET /a')).toEqual(['staging', 'GET /a'])
    expect(nearest([strangers], 'GET /a')).toEqual(['staging', 'GET /a', 'group'])
  })
})

describe('the advice', () => {
  it.each(Object.keys(CHALLENGES) as DenialReason[])('on %s is a sentence of its own', (reason) => {
    expect(ADVICE[reason]).toMatch(/^[A-Z].{20,}\.$/)
    expect(Object.values(ADVICE).filter((advice) => advice === ADVICE[reason])).toHaveLength(1)
  })
})
