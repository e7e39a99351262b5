import { describe, expect, it } from 'vitest'
import type { Method, ProtectedRoute } from '../shared/route.ts'
import { narrowestPolicy, permits, refusing, wholePolicy } from './policy.ts'

const STAGE = 'arn:aws:execute-api:eu-west-2:111111111111:abc123/staging'

const route = (text: string, authorization: ProtectedRoute['authorization']): ProtectedRoute => {
  const [method, path = ''] = text.split(' ')
  return { method: method as Method, path, authorization }
}

/** Opens the first routes, and leaves the others closed. */
const policyOf = (open: readonly string[], closed: readonly string[], kept = false) => {
  const opened = open.map((text) => route(text, 'token'))
  const routes = [...opened, ...closed.map((text) => route(text, 'iam'))]
  return wholePolicy(
    STAGE,
    routes,
    opened.map((registered) => ({ registered, methods: new Set([registered.method]) })),
    kept,
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

describe('a policy that is kept', () => {
  const CLIMBING = [
    ...['GET/files/..', 'GET/files/../admin', 'GET/files/..;a=1/admin', 'GET/files/a/../../admin'],
    ...['GET/files/.', 'GET/files/./a', 'GET/files//admin', 'GET/files/a//b'],
  ]
  const HIDDEN = ['2e', '2E', '2f', '2F', '5c', '5C', '00'].map((code) => `GET/files/a%${code}b`)

  it('permits nothing that climbs or hides how it is spelt, where a star would', () => {
    const asked = ['GET/files/a', 'GET/files/a/b.c', 'GET/files/a%20b', ...CLIMBING, ...HIDDEN]
    expect(lets(policyOf(['GET /files/{p+}'], [], true), asked)).toEqual(asked.slice(0, 3))
    expect(lets(policyOf(['GET /files/{p+}'], []), asked)).toEqual(asked)
  })

  it('permits nothing that is encoded, where a Deny could be spelt another way', () => {
    const asked = ['GET/files/a', 'GET/files/a%20b', 'GET/files/..']
    expect(lets(policyOf(['GET /files/{p+}'], ['GET /files/secret'], true), asked)).toEqual(['GET/files/a'])
    expect(lets(policyOf(['GET /files/{p+}'], ['GET /files/secret']), asked)).toEqual([
      ...['GET/files/a', 'GET/files/..'],
    ])
  })

  it('says no more than others where it holds no star', () => {
    expect(policyOf(['GET /a'], ['GET /b'], true)).toEqual(policyOf(['GET /a'], ['GET /b']))
  })

  it('is none where it would refuse what it opens', () => {
    expect(policyOf(['GET /..well-known'], [], true)).toBeUndefined()
    expect(policyOf(['GET /a..b'], [], true)).toBeDefined()
  })
})

describe('a policy for one request', () => {
  const ASKED = `${STAGE}/GET/a`

  it('allows it, and nothing else', () => {
    expect(narrowestPolicy(ASKED)).toEqual({
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: [ASKED] }],
    })
  })

  it('refuses it, whatever is opened besides', () => {
    const refusal = { Action: 'execute-api:Invoke', Effect: 'Deny', Resource: [ASKED] }
    expect(refusing(undefined, ASKED)).toEqual({ Version: '2012-10-17', Statement: [refusal] })
    const whole = policyOf(['GET /b'], [])
    expect(refusing(whole, ASKED)).toEqual({
      Version: '2012-10-17',
      Statement: [...(whole?.Statement ?? []), refusal],
    })
  })

  it('refuses one that is longer than a resource may be, with all that begin like it', () => {
    const longest = `${STAGE}/GET/`.padEnd(512, 'a')
    expect(refusing(undefined, longest).Statement[0]?.Resource).toEqual([longest])
    expect(refusing(undefined, `${longest}a`).Statement[0]?.Resource).toEqual([`${longest.slice(0, 511)}*`])
    expect(narrowestPolicy(longest)).toBeDefined()
    expect(narrowestPolicy(`${longest}a`)).toBeUndefined()
  })
})
