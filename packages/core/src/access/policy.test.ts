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

  it('says an Allow, then a Deny of what it reaches, with what could spell it another way', () => {
    const Action = 'execute-api:Invoke'
    expect(policyOf(['GET /x/{id}'], ['GET /x/admin'])?.Statement).toEqual([
      { Action, Effect: 'Allow', Resource: [`${STAGE}/GET/x/*`] },
      {
        Action,
        Effect: 'Deny',
        Resource: ['GET/x/admin', 'GET/x/admin/', '*%*'].map((one) => `${STAGE}/${one}`),
      },
    ])
  })

  it('refuses a closed route where the gateway routes all it shares with an opened one to it', () => {
    expect(lets(policyOf(['GET /{x}/{y}'], ['GET /{a}/b']), ['GET/q/b', 'GET/q/c'])).toEqual(['GET/q/c'])
    expect(lets(policyOf(['GET /{x}/{y}'], ['GET /a/{b}']), ['GET/a/q', 'GET/q/a'])).toEqual(['GET/q/a'])
    expect(lets(policyOf(['ANY /x/{a}'], ['GET /x/{b}']), ['GET/x/1', 'POST/x/1'])).toEqual(['POST/x/1'])
  })

  it.each([
    ['a less specific one', 'GET /x/{c}', 'GET /{a}/{b}'],
    ['one beside a greedy one', 'GET /{p+}', 'GET /{a}/b'],
    ['a greedy one', 'GET /{x}/b', 'GET /{p+}'],
    ['one with a parameter within a segment', 'GET /{x}/{y}', 'GET /{a}/b-{c}'],
  ])('gives up beside %s, because patterns know no order', (_, open, closed) => {
    expect(policyOf([open], [closed])).toBeUndefined()
  })

  it('gives up where a Deny would reach an opened route of another length', () => {
    expect(policyOf(['GET /{y}/{z}', 'GET /{x}/{v}/{w}'], ['GET /{a}/b'])).toBeUndefined()
  })

  it('gives up where the slash that the gateway overlooks is another route’s', () => {
    expect(policyOf(['GET /x/{id}/'], ['GET /x/admin'])).toBeUndefined()
    const document = policyOf(['GET /x/{id}', 'GET /y/'], ['GET /x/admin'])
    expect(lets(document, ['GET/x/1', 'GET/x/admin', 'GET/x/admin/', 'GET/y/'])).toEqual([
      'GET/x/1',
      'GET/y/',
    ])
  })

  it('has resources of 512 characters at most, each of them, and 8,192 bytes at most', () => {
    const long = `GET /${'a'.repeat(512)}`
    expect(policyOf(['GET /b', long], [])).toBeUndefined()
    const bytesOf = (document: object) => Buffer.byteLength(JSON.stringify(document))
    const many = Array.from({ length: 113 }, (_, index) => `GET /${index + 100}`)
    const room = 8_192 - bytesOf(policyOf([...many, 'GET /b'], []) ?? {})
    const last = (length: number) => policyOf([...many, `GET /${'b'.repeat(length)}`], [])
    expect(bytesOf(last(1 + room) ?? {})).toBe(8_192)
    expect(last(2 + room)).toBeUndefined()
  })

  it('allows nothing when nothing is opened', () => {
    expect(policyOf([], ['GET /a'])?.Statement).toEqual([])
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

  it('says so too where only one of its resources holds a star', () => {
    const asked = ['GET/a', 'GET/files/a', ...CLIMBING]
    expect(lets(policyOf(['GET /a', 'GET /files/{p+}'], [], true), asked)).toEqual(asked.slice(0, 2))
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

  it('refuses what holds a pattern or a variable with any one character in its place', () => {
    const asked = ['*', '$', '{a}$b'].join('')
    expect(refusing(undefined, `${STAGE}/GET/${asked}`).Statement[0]?.Resource).toEqual([
      `${STAGE}/GET/??{a}$b`,
    ])
  })

  it('refuses it alone where there is no room for what is opened', () => {
    const full = policyOf(
      Array.from({ length: 113 }, (_, index) => `GET /${index + 100}`),
      [],
    )
    expect(full).toBeDefined()
    expect(refusing(full, `${ASKED}${'a'.repeat(400)}`)).toEqual(
      refusing(undefined, `${ASKED}${'a'.repeat(400)}`),
    )
  })

  it('refuses one that is longer than a resource may be, with all that begin like it', () => {
    const longest = `${STAGE}/GET/`.padEnd(512, 'a')
    expect(refusing(undefined, longest).Statement[0]?.Resource).toEqual([longest])
    expect(refusing(undefined, `${longest}a`).Statement[0]?.Resource).toEqual([`${longest.slice(0, 511)}*`])
    expect(narrowestPolicy(longest)).toBeDefined()
    expect(narrowestPolicy(`${longest}a`)).toBeUndefined()
  })
})
