import { inspect } from 'node:util'
import { Redacted } from '@countersign/core/shared'
import { describe, expect, it } from 'vitest'
import { createClient } from './client.ts'
import { type Reply, type StandIn, standIn } from './testing/stand-in.ts'

const SECRET = 'the-operators-token'

const clientOf = ({ url }: Pick<StandIn, 'url'>, timeLimitMilliseconds?: number) =>
  createClient({
    endpoint: url,
    credential: new Redacted(SECRET),
    ...(timeLimitMilliseconds && { timeLimitMilliseconds }),
  })

const always = (reply: Reply) => standIn(() => reply)

const ISSUE = { consumer: 'con_1', grants: [{ api: 'pets', environment: 'staging', routes: ['GET /pets'] }] }

describe('a request', () => {
  it('bears the credential and the body, and asks for JSON', async () => {
    await using platform = await always({ status: 201, body: { id: 'tok_1', state: 'active' } })
    await clientOf(platform).tokens.issue(ISSUE)
    expect(platform.received).toMatchObject([
      {
        method: 'POST',
        path: '/tokens',
        headers: { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' },
      },
    ])
    expect(JSON.parse(platform.received[0]?.body ?? '')).toEqual(ISSUE)
  })

  it('keeps the base path of the endpoint', async () => {
    await using platform = await always({ body: { items: [], nextCursor: null } })
    await clientOf({ url: `${platform.url}/base/` }).apis.list()
    expect(platform.received[0]?.path).toBe('/base/apis')
  })

  it('leaves out what a query does not say, and encodes what it says', async () => {
    await using platform = await always({ body: { items: [], nextCursor: null } })
    await clientOf(platform).tokens.list({ state: undefined, api: 'a&b', limit: 5 })
    expect(platform.received[0]?.path).toBe('/tokens?api=a%26b&limit=5')
  })

  it('encodes a name, so that it stays one segment', async () => {
    await using platform = await always({})
    await clientOf(platform).apis.show('a/../b?c')
    expect(platform.received[0]?.path).toBe('/apis/a%2F..%2Fb%3Fc')
  })

  it.each(['', '.', '..'])('is never sent for the name "%s", which a URL would drop', async (name) => {
    await using platform = await always({})
    expect(() => clientOf(platform).apis.deregister(name)).toThrow(TypeError)
    expect(platform.received).toEqual([])
  })
})

describe('an Idempotency-Key', () => {
  it('is new for every POST unless given, and on nothing else', async () => {
    await using platform = await always({})
    const { consumers, signingKeys } = clientOf(platform)
    await signingKeys.rotate()
    await signingKeys.rotate()
    await consumers.resume('con_1', { idempotencyKey: 'mine' })
    await consumers.show('con_1')
    const [first, second, third, fourth] = platform.received.map(({ headers }) => headers['idempotency-key'])
    expect(first).toMatch(/^[0-9a-f-]{36}$/)
    expect(second).not.toBe(first)
    expect([third, fourth]).toEqual(['mine', undefined])
  })

  it('is kept over the second try after a broken connection', async () => {
    await using platform = await standIn((_, index) => (index === 0 ? 'reset' : { body: { kid: 'key_1' } }))
    const outcome = await clientOf(platform).signingKeys.rotate()
    const keys = platform.received.map(({ headers }) => headers['idempotency-key'])
    expect(outcome).toMatchObject({ ok: true, value: { body: { kid: 'key_1' } } })
    expect(keys).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), keys[0]])
  })
})

describe('an answer', () => {
  it('is its status, its body, and the text as it came', async () => {
    const text = '{ "id":"con_1",\n "name": "é" }\n'
    await using platform = await always({ status: 201, body: text })
    const outcome = await clientOf(platform).consumers.show('con_1')
    expect(outcome).toEqual({ ok: true, value: { status: 201, body: { id: 'con_1', name: 'é' }, text } })
  })

  it('may be empty', async () => {
    await using platform = await always({ body: '' })
    expect(await clientOf(platform).apis.deregister('pets')).toMatchObject({
      ok: true,
      value: { body: null },
    })
  })

  it('that refuses is the problem with every error in it', async () => {
    const problem = {
      type: 'urn:countersign:problem:route_not_found',
      title: 'No such route',
      status: 400,
      detail: '"pets" has no route "GET /x"',
      instance: 'urn:countersign:request:1',
      code: 'route_not_found',
      errors: [{ pointer: '/grants/0/routes/0', code: 'route_not_found', detail: 'no such route' }],
    }
    await using platform = await always({ status: 400, body: problem })
    const outcome = await clientOf(platform).tokens.issue(ISSUE)
    expect(outcome).toEqual({
      ok: false,
      error: { reason: 'problem', problem, text: JSON.stringify(problem) },
    })
  })

  it('of API Gateway itself becomes a problem', async () => {
    await using platform = await always({ status: 401, body: { message: 'Unauthorized' } })
    const outcome = await clientOf(platform).apis.list()
    expect(outcome).toMatchObject({
      ok: false,
      error: {
        reason: 'problem',
        problem: { type: 'about:blank', status: 401, code: 'unauthorized', detail: 'Unauthorized' },
      },
    })
  })

  it('is a refusal by the status of HTTP, whatever the body says', async () => {
    await using platform = await always({
      status: 409,
      body: { type: 'about:blank', title: 'x', code: 'x', status: 200 },
    })
    const outcome = await clientOf(platform).apis.list()
    expect(outcome).toMatchObject({ ok: false, error: { problem: { status: 409 } } })
  })
})

describe('a credential that could not be checked', () => {
  const unchecked = (headers = { 'retry-after': '0' }): Reply => {
    const code = 'credential_unchecked'
    return { status: 503, headers, body: { type: `urn:countersign:problem:${code}`, title: code, code } }
  }

  it('is sent again with the same Idempotency-Key, for nothing was begun', async () => {
    await using platform = await standIn((_, index) => (index < 2 ? unchecked() : { body: {} }))
    const outcome = await clientOf(platform).consumers.suspend('con_1')
    expect(outcome).toMatchObject({ ok: true })
    const keys = platform.received.map(({ headers }) => headers['idempotency-key'])
    expect(keys).toEqual([expect.any(String), keys[0], keys[0]])
  })

  it('is told of after three attempts', async () => {
    await using platform = await always(unchecked())
    const outcome = await clientOf(platform).apis.list()
    expect(outcome).toMatchObject({ error: { problem: { status: 503, code: 'credential_unchecked' } } })
    expect(platform.received).toHaveLength(3)
  })

  it.each([['1'], ['soon']])('waits as long as Retry-After says: %s', async (seconds) => {
    await using platform = await standIn((_, index) =>
      index === 0 ? unchecked({ 'retry-after': seconds }) : { body: { items: [] } },
    )
    const before = performance.now()
    expect(await clientOf(platform).apis.list()).toMatchObject({ ok: true })
    expect(performance.now() - before).toBeGreaterThan(990)
  })

  it('is not waited for by a caller who gave up', async () => {
    await using platform = await always(unchecked({ 'retry-after': '5' }))
    const begun = performance.now()
    const signal = AbortSignal.timeout(200)
    const outcome = await clientOf(platform).consumers.suspend('con_1', undefined, { signal })
    expect(outcome).toMatchObject({ error: { reason: 'unreachable' } })
    expect(performance.now() - begun).toBeLessThan(3_000)
  })

  it('is not mistaken for a store that failed half-way: that is asked once', async () => {
    const code = 'store_unavailable'
    await using platform = await always({ status: 503, body: { type: 'about:blank', title: code, code } })
    expect(await clientOf(platform).apis.list()).toMatchObject({ error: { problem: { code } } })
    expect(platform.received).toHaveLength(1)
  })
})

describe('the platform is unreachable', () => {
  it('when nobody listens', async () => {
    const { url } = await closed()
    expect(await clientOf({ url }).apis.list()).toMatchObject({
      ok: false,
      error: { reason: 'unreachable', cause: { cause: { code: 'ECONNREFUSED' } } },
    })
  })

  it('when the connection breaks twice', async () => {
    await using platform = await always('reset')
    const outcome = await clientOf(platform).apis.list()
    expect(outcome).toMatchObject({ ok: false, error: { reason: 'unreachable' } })
    expect(platform.received).toHaveLength(2)
  })

  it('when no answer comes within the time limit, which is not tried again', async () => {
    await using platform = await always('silence')
    const outcome = await clientOf(platform, 100).apis.list()
    expect(outcome).toMatchObject({ ok: false, error: { cause: { name: 'TimeoutError' } } })
    expect(platform.received.length).toBeLessThan(2)
  })

  it.each([
    ['a proxy says so', { status: 502, body: '<h1>Bad Gateway</h1>' }],
    ['what answers does not speak JSON', { status: 200, body: '<h1>It works</h1>' }],
    ['it redirects', { status: 302, body: '{}', headers: { location: '/elsewhere' } }],
  ])('when %s', async (_, reply) => {
    await using platform = await always(reply)
    expect(await clientOf(platform).apis.list()).toMatchObject({ error: { reason: 'unreachable' } })
    expect(platform.received).toHaveLength(1)
  })
})

describe('a client', () => {
  it.each(['ftp://127.0.0.1', 'nonsense', 'http://me:secret@127.0.0.1', 'http://127.0.0.1/?x=1'])(
    'is not made for the endpoint %s',
    (endpoint) => {
      expect(() => createClient({ endpoint, credential: new Redacted(SECRET) })).toThrow(
        /the endpoint has to be/,
      )
    },
  )

  it.each(['', `${SECRET}\nx: y`, `${SECRET} and more`])(
    'is not made with a malformed credential, and says nothing of it',
    (credential) => {
      const make = () => createClient({ endpoint: 'http://127.0.0.1', credential: new Redacted(credential) })
      expect(make).toThrow(TypeError)
      expect(make).not.toThrow(SECRET)
    },
  )

  it('shows the credential neither in itself nor in a failure', async () => {
    const client = clientOf(await closed())
    const outcome = await client.apis.list()
    expect(inspect([client, outcome], { depth: null, showHidden: true })).not.toContain(SECRET)
  })
})

/** An address where nobody listens any more. */
const closed = async (): Promise<{ readonly url: string }> => {
  await using platform = await always({})
  return { url: platform.url }
}
