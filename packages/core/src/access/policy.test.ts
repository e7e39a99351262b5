import { describe, expect, it } from 'vitest'
import type { Method, ProtectedRoute } from '../shared/route.ts'
import { permits, wholePolicy } from './policy.ts'

const STAGE = 'arn:aws:execute-api:eu-west-2:111111111111:abc123/staging'

const route = (text: string, authorization: ProtectedRoute['authorization']): ProtectedRoute => {
  const [method, path = ''] = text.split(' ')
  return { method: method as Method, path, authorization }
}

/** Opens the first routes, and leaves the others closed. */
const policyOf = (open: readonly string[], closed: readonly string[]) => {
  const opened = open.map((text) => route(text, 'token'))
  const routes = [...opened, ...closed.map((text) => route(text, 'iam'))]
  return wholePolicy(
    STAGE,
    routes,
    opened.map((registered) => ({ registered, methods: new Set([registered.method]) })),
  )
}

const lets = (document: ReturnType<typeof policyOf>, requests: readonly string[]) =>
  document && requests.filter((one) => permits(document, `${STAGE}/${one}`))

describe('a policy for a whole deployment', () => {
  it('names every route that is opened, and nothing else where nothing else is reached', () => {
    expect(policyOf(['GET /a', 'ANY /b/{c}'], ['GET /d'])).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Action: 'execute-api:Invoke', Effect: 'Allow', Resource: [`${STAGE}/GET/a`, `${STAGE}/*/b/*`] },
      ],
    })
  })

  it('refuses what a pattern reaches beyond its route', () => {
    const document = policyOf(['GET /x/{id}'], ['GET /x/{id}/secret', 'GET /x/admin', 'POST /x/{id}'])
    const asked = [
      'GET/x/1',
      'GET/x/1/secret',
      'GET/x/1/secret/',
      'GET/x/admin',
      'GET/x/admin/',
      'GET/x/%61dmin',
      'POST/x/1',
    ]
    expect(lets(document, asked)).toEqual(['GET/x/1'])
  })

  it('lets a method through beside the ANY of its path, and the other way round', () => {
    expect(lets(policyOf(['GET /x'], ['ANY /x']), ['GET/x', 'POST/x'])).toEqual(['GET/x'])
    expect(lets(policyOf(['ANY /x'], ['GET /x']), ['GET/x', 'POST/x'])).toEqual(['POST/x'])
  })

  it('sees that the pattern of ANY crosses slashes, in an Allow and in a Deny', () => {
    expect(lets(policyOf(['ANY /x'], ['GET /admin/x']), ['GET/x', 'GET/admin/x'])).toEqual(['GET/x'])
    expect(policyOf(['GET /{x}', 'GET /{y}/admin'], ['ANY /admin'])).toBeUndefined()
  })

  it('gives up where a Deny would refuse what is opened', () => {
    expect(policyOf(['GET /{p}'], ['GET /a{x}'])).toBeUndefined()
    expect(policyOf(['GET /{x}/b'], ['GET /a/{proxy+}'])).toBeUndefined()
    expect(policyOf(['GET /{a}.json'], ['GET /x-{b}'])).toBeUndefined()
  })

  it('gives up on an opened path that a client may spell in two ways', () => {
    expect(policyOf(['GET /café'], [])).toBeUndefined()
    expect(policyOf(['GET /a:b@c'], [])).toBeDefined()
  })

  it('allows nothing when nothing is opened', () => {
    expect(lets(policyOf([], ['GET /a']), ['GET/a', 'GET/b'])).toEqual([])
  })
})
