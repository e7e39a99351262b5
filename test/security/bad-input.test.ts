import { afterAll, describe, expect, it } from 'vitest'
import { selfSigning, TENANCIES, tenancies } from '../acceptance/given.ts'
import { callUrl, done } from '../support/world.ts'
import {
  ask,
  routeNames as everyRoute,
  everything,
  expectProblem,
  isChange,
  methodOf,
  problemIn,
  protectedRoutes,
  requests,
  takesForms,
  withApiKey,
  withWebhook,
} from './given.ts'

const routeNames = everyRoute.filter((name) => !takesForms(name))

const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

/** Nothing a client can send is answered with anything but a problem that says what to mend. */
describe('bad input', async () => {
  const world = await tenancies()
  afterAll(() => world.stop())
  const token = world.credential
  const kid = done(await world.client.signingKeys.list()).items[0]?.kid ?? ''
  const apiKey = await withApiKey(world, world.token.consumer)
  const signer = (await selfSigning(world)).id
  const webhook = await withWebhook(world)
  const valid = requests({
    signer,
    consumer: world.token.consumer,
    token: world.token.id,
    kid,
    apiKey,
    webhook,
  })
  const before = await everything(world)
  const withBody = routeNames.filter((name) => 'body' in valid[name])
  const withoutBody = protectedRoutes.filter((name) => !withBody.includes(name) && !takesForms(name))
  const send = (name: keyof typeof valid, body: unknown, headers: readonly string[] = []) =>
    ask(world, `${methodOf(name)} ${valid[name].path}`, { token, body, headers })
  const get = (path: string, headers: readonly string[] = []) => ask(world, `GET ${path}`, { token, headers })

  describe.each(routeNames)('to %s', (name) => {
    it.each(['{', '[1,', 'nonsense', '{"a":1}}', '\u0000', "{'a':1}", '{"a":NaN}'])(
      'that is no JSON: %j',
      async (body) => {
        expectProblem(await send(name, body), 400, 'body_malformed')
      },
    )

    it.each(['[1]', 'null', '7', '"text"', 'true'])('that is no object: %s', async (body) => {
      expectProblem(await send(name, body), 400, 'invalid_request')
    })

    it('of a size API Gateway would not take', async () => {
      expectProblem(await send(name, ' '.repeat(11 * 1_048_576)), 413, 'body_too_large')
    })

    it('that nests without end', async () => {
      const { status } = await send(name, deep(100_000))
      expect(status).toBe(400)
    })

    it('with an Idempotency-Key or If-Match that is none', async () => {
      expectProblem(
        await send(name, undefined, ['Idempotency-Key', 'two words']),
        400,
        'idempotency_key_malformed',
      )
      expectProblem(
        await send(name, undefined, ['Idempotency-Key', 'x'.repeat(256)]),
        400,
        'idempotency_key_malformed',
      )
      for (const tag of ['1', '"one"', '"1", "2"', 'W/"1"', '""', '"-1"'])
        expectProblem(await send(name, undefined, ['If-Match', tag]), 400, 'if_match_malformed')
    })
  })

  describe.each(withBody)('to %s', (name) => {
    const body = ('body' in valid[name] ? valid[name].body : {}) as Readonly<Record<string, unknown>>

    it('with a member nobody knows is refused, and the member named', async () => {
      const { errors } = expectProblem(await send(name, { ...body, surprise: 1 }), 400, 'invalid_request')
      expect(errors).toContainEqual({
        pointer: '/surprise',
        code: 'unknown_member',
        detail: '"surprise" is not a member',
      })
    })

    it('with a member named twice is refused, whatever the two say', async () => {
      const { detail } = expectProblem(
        await send(name, '{"name":"a","n\\u0061me":"a"}'),
        400,
        'body_malformed',
      )
      expect(detail).toBe('it names a member twice')
    })

    it.each(['__proto__', 'constructor', 'prototype', 'toString'])(
      'with the member %s is refused like any other',
      async (member) => {
        const text = JSON.stringify(body).replace(
          '{',
          `{"${member}":{"admin":true}${JSON.stringify(body) === '{}' ? '' : ','}`,
        )
        const { errors } = expectProblem(await send(name, text), 400, 'invalid_request')
        expect(errors?.map(({ pointer }) => pointer)).toContain(`/${member}`)
      },
    )

    it('of another media type is refused', async () => {
      for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'json', ''])
        expectProblem(
          await send(name, JSON.stringify(body), ['Content-Type', type]),
          415,
          'media_type_unsupported',
        )
    })

    it('with every member of the wrong type is refused at every member', async () => {
      const wrong = Object.fromEntries(Object.keys(body).map((member) => [member, { not: 'this' }]))
      const names = Object.keys(body).filter((member) => member !== 'openapi')
      if (names.length === 0) return
      const { errors = [] } = expectProblem(await send(name, wrong), 400, 'invalid_request')
      const pointers = errors.map(({ pointer = '' }) => pointer.split('/')[1])
      expect(pointers).toEqual(expect.arrayContaining(names))
    })

    it('of 1 MB is too large, but for documents', async () => {
      const padded = `${JSON.stringify(body)}${' '.repeat(1_048_576)}`
      const called = await send(name === 'PUT /apis/{name}' ? 'POST /consumers' : name, padded)
      expectProblem(called, 413, 'body_too_large')
    })

    it('of bytes that are no UTF-8 is refused', async () => {
      const [open = '', rest = ''] = JSON.stringify({ ...body, note: '?' }).split('?')
      const bytes = Buffer.concat([Buffer.from(open), Buffer.from([0xc3, 0x28]), Buffer.from(rest)])
      const response = await fetch(`${world.api}${valid[name].path}`, {
        method: methodOf(name),
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: bytes,
      })
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
        400,
        'body_malformed',
      ])
    })
  })

  it.each(withoutBody)('to %s, which takes no body, is refused', async (name) => {
    expectProblem(await send(name, { surprise: 1 }), 400, 'invalid_request')
  })

  it('a document of 1 MB is read, one that nests without end is refused', async () => {
    const openapi = {
      openapi: '3.0.3',
      info: { title: 't', version: '1', description: 'x'.repeat(1_048_576) },
      paths: {},
    }
    expectProblem(await send('PUT /apis/{name}', { owner: 'o', openapi }), 422, 'registration_rejected')
    const endless = await send('PUT /apis/{name}', `{"owner":"o","openapi":{"a":${deep(100_000)}}}`)
    expect([400, 422]).toContain(problemIn(endless).status)
    const hidden = await send('PUT /apis/{name}', '{"owner":"o","openapi":{"__proto__":{"openapi":"3.0.3"}}}')
    expectProblem(hidden, 422, 'registration_rejected')
  })

  describe('in a path', () => {
    it.each(['tok_', 'tok_UPPER', 'con_1', '7', 'tok_x%00', 'tok_1;drop', 'tok_é', `tok_${'a'.repeat(65)}`])(
      'as a malformed id: %s',
      async (id) => {
        const called = await get(`/tokens/${encodeURIComponent(decodeURIComponent(id))}`)
        expect([400, 404]).toContain(problemIn(called).status)
        if (called.status === 400) expect(problemIn(called).errors?.[0]?.pointer).toBe('/path/id')
      },
    )

    it.each([
      ['/tokens/tok_0123', 'token_not_found'],
      ['/consumers/con_0123', 'consumer_not_found'],
      ['/apis/nobody', 'api_not_found'],
      ['/apis/api_0123', 'api_not_found'],
    ])('as an id that is not there: %s', async (path, code) => {
      expectProblem(await get(path), 404, code)
    })

    it.each([
      'POST /tokens/tok_0123/revocation',
      'POST /tokens/tok_0123/disablement',
      'POST /tokens/tok_0123/approval',
      'POST /tokens/tok_0123/collection',
      'POST /consumers/con_0123/suspension',
      'POST /consumers/con_0123/resumption',
      'POST /signing-keys/key_0123/compromise',
      'POST /pipeline/nobody/redrive',
      'DELETE /apis/nobody',
      'PUT /apis/nobody/deployments/staging',
    ])('as an id that is not there, to be changed: %s', async (name) => {
      const body = {
        ...(name.endsWith('revocation') && { reason: 'requested' }),
        ...(name.startsWith('PUT') && TENANCIES),
      }
      expectProblem(await ask(world, name, { token, body }), 404)
    })

    it.each([
      '/',
      '/nothing',
      '/tokens/',
      '/tokens//',
      '//tokens',
      '/tokens/../tokens',
      '/tokens/%2e%2e',
      '/TOKENS',
      '/tokens/%',
      '/tokens/%zz',
      '/tokens/a/b/c',
      '/tokens%2f',
      '/__proto__',
      '/constructor',
    ])('that is nowhere: %s', async (path) => {
      expectProblem(await get(path), 404, 'route_not_found')
    })

    it('with a method it does not have: 405, and what it has', async () => {
      for (const method of ['DELETE', 'PATCH', 'PUT', 'HEAD', 'OPTIONS', 'TRACE']) {
        const called = await callUrl(world.api, { method, path: '/consumers', token })
        expect(called.status).toBe(405)
        expect(called.headers.allow).toBe('POST, GET')
        if (method === 'HEAD') expect(called.body).toBe('')
        else expectProblem(called, 405, 'method_not_allowed')
      }
    })
  })

  describe('in a query', () => {
    it.each([
      'limit=0',
      'limit=101',
      'limit=5&limit=5',
      'limit=-1',
      'limit=many',
      'limit=1.5',
      'limit=',
      'limit=1e9',
      'surprise=1',
      '__proto__=1',
      'cursor=',
    ])('of every list: %s', async (query) => {
      for (const path of ['/consumers', '/apis', '/tokens', '/audit/events']) {
        const { errors } = expectProblem(await get(`${path}?${query}`), 400, 'invalid_request')
        expect(errors?.[0]?.pointer).toBe(`/query/${query.split('=')[0]}`)
      }
    })

    it.each(['x', '%00', 'MTp', 'MTo=', 'MToK!', Buffer.from('2:1').toString('base64url')])(
      'as a cursor that was never handed out: %s',
      async (cursor) => {
        for (const path of ['/consumers', '/apis', '/tokens', '/audit/events'])
          expectProblem(await get(`${path}?cursor=${cursor}`), 400, 'cursor_invalid')
      },
    )

    it.each(['state=alive', 'consumer=7', 'api=..', 'environment=a/b'])(
      'of the tokens: %s',
      async (query) => {
        expectProblem(await get(`/tokens?${query}`), 400, 'invalid_request')
      },
    )

    it.each(['type=token.stolen', 'from=yesterday', 'to=2026-01-01', 'entity='])(
      'of the audit log: %s',
      async (query) => {
        expectProblem(await get(`/audit/events?${query}`), 400, 'invalid_request')
      },
    )
  })

  it('changed nothing but the refusals of documents that it caused', async () => {
    const { items } = await world.platform.services.ledger.events({ limit: 1_000, after: undefined })
    const known = (before as { readonly events: readonly string[] }).events
    const added = items.filter((event) => isChange(event) && !known.includes(event.id))
    expect(new Set(added.map(({ type }) => type))).toEqual(new Set(['api.registration-rejected']))
  })
})
