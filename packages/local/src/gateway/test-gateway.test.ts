import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, describe, expect, it } from 'vitest'
import { GATEWAY_SHAPES } from './setup.ts'
import { signedBySdk } from './signing.fixture.ts'
import { startTestGateway } from './test-gateway.ts'

const says = (authorization: string, more: object = {}) => ({
  'x-countersign-authorization': authorization,
  responses: { 200: { description: 'ok' } },
  ...more,
})
const id = { parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }] }
const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Things', version: '1' },
  paths: {
    '/things/{id}': { get: says('token', id), post: says('token', id) },
    '/things': { get: says('token') },
    '/jobs': { get: says('iam') },
    '/up': { get: says('open') },
  },
}

describe.each(GATEWAY_SHAPES)('a test gateway of the shape %s', async (shape) => {
  const gateway = await startTestGateway({
    openapi: DOCUMENT,
    shape,
    upstream: async (request) =>
      Response.json({
        body: await request.text(),
        url: request.url,
        caller: request.headers.get('x-countersign-token-id'),
        credential: request.headers.get('authorization'),
      }),
  })
  afterAll(() => gateway.close())

  it('lets a token through to the API under test, and keeps it to itself', async () => {
    const token = await gateway.token({ routes: ['POST /things/{id}'] })
    const answer = await gateway.fetch('/things/7?a=1', { method: 'POST', body: 'hello', token })
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { body: 'hello', url: 'http://upstream/things/7?a=1', caller: token.id, credential: null },
    ])
    expect(gateway.decisions.at(-1)).toEqual({
      outcome: 'allow',
      reason: undefined,
      tokenId: token.id,
      sessionId: undefined,
      method: 'POST',
      route: '/things/{id}',
    })
    expect((await gateway.fetch('/things/7', { token })).status).toBe(403)
    expect((await gateway.fetch('/things/7')).status).toBe(401)
    expect((await gateway.fetch('/things/7', { token: 'garbage' })).status).toBe(401)
  })

  it('gives a token for every route that takes one, and lets time pass', async () => {
    const token = await gateway.token({ expiresIn: '1d' })
    for (const path of ['/things', '/things/7'])
      expect((await gateway.fetch(path, { token })).status).toBe(200)
    gateway.advance('25h')
    expect((await gateway.fetch('/things', { token })).status).toBe(401)
    expect(gateway.decisions.at(-1)?.reason).toBe('token_expired')
    const fresh = await gateway.token()
    expect((await gateway.fetch('/things', { token: fresh })).status).toBe(200)
  })

  it('opens `iam` routes to who signs with its credentials', async () => {
    const [credential] = gateway.credentials
    if (!credential) throw new Error('no credentials')
    const { host, pathname, origin } = new URL(`${gateway.url}/jobs`)
    const now = new Date(Date.now() + 25 * 3_600_000)
    const signed = await signedBySdk(
      { host, path: pathname, region: gateway.region, expiresIn: 600, now },
      credential,
    )
    expect((await fetch(`${origin}${signed.path}?${signed.query}`)).status).toBe(200)
    expect((await gateway.fetch('/jobs')).status).toBe(403)
    expect((await gateway.fetch('/up')).status).toBe(200)
  })
})

describe('a test gateway', () => {
  it('passes no part of a signature on to the API under test', async () => {
    const seen: Request[] = []
    const upstream = (request: Request) => {
      seen.push(request)
      return new Response('ok')
    }
    await using gateway = await startTestGateway({ openapi: DOCUMENT, upstream })
    const session = gateway.credentials.find(({ sessionToken }) => sessionToken !== undefined)
    if (!session) throw new Error('no temporary credentials')
    const { host, pathname, origin } = new URL(`${gateway.url}/jobs`)
    const signing = { host, path: pathname, region: gateway.region }
    const signed = await signedBySdk(signing, session)
    const presigned = await signedBySdk({ ...signing, expiresIn: 60 }, session)
    expect((await fetch(`${origin}${pathname}`, { headers: signed.headers })).status).toBe(200)
    expect((await fetch(`${origin}${pathname}?${presigned.query}`)).status).toBe(200)
    expect(seen.length).toBe(2)
    for (const { url, headers } of seen) {
      expect(url).toBe('http://upstream/jobs')
      expect([headers.get('authorization'), headers.get('x-amz-security-token')]).toEqual([null, null])
    }
  })

  it('stands in front of an API that listens somewhere', async () => {
    const server = createServer((request, response) => response.end(`you asked for ${request.url}`))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    await using gateway = await startTestGateway({ openapi: JSON.stringify(DOCUMENT), upstream })
    expect(await (await gateway.fetch('/up')).text()).toBe('you asked for /up')
    server.closeAllConnections()
    server.close()
  })

  it('refuses to start for a document that could not be registered, with all that is wrong with it', async () => {
    const openapi = {
      ...DOCUMENT,
      paths: { '/a': { get: says('nobody') }, '/b': { get: says('everybody') } },
    }
    await expect(startTestGateway({ openapi, upstream: 'http://127.0.0.1:9' })).rejects.toThrow(
      /paths\/~1a\/get[\s\S]*paths\/~1b\/get/,
    )
  })

  it('says of a route that there is no token for it', async () => {
    await using gateway = await startTestGateway({ openapi: DOCUMENT, upstream: 'http://127.0.0.1:9' })
    await expect(gateway.token({ routes: ['GET /jobs'] })).rejects.toThrow(/iam/)
    expect(() => gateway.advance('tomorrow')).toThrow(/duration/)
  })

  it('answers 502 when the API under test fails', async () => {
    await using gateway = await startTestGateway({
      openapi: DOCUMENT,
      upstream: () => Promise.reject(new Error('it broke')),
    })
    expect((await gateway.fetch('/up')).status).toBe(502)
  })
})

describe('an API that API keys open', () => {
  const document = {
    openapi: '3.1.0',
    info: { title: 'keyed', version: '1' },
    security: [{ key: [] }],
    components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'x-api-key' } } },
    paths: { '/things': { get: { responses: { '200': { description: 'things' } } } } },
  }

  it('is refused with 401 without a good key, and with 429 beyond what the plan of the key allows', async () => {
    await using gateway = await startTestGateway({ openapi: document, upstream: () => new Response('here') })
    const status = async (key: string) =>
      (await gateway.fetch('/things', { headers: { 'x-api-key': key } })).status
    const limited = await gateway.apiKey({ quota: { limit: 1, period: 'day' } })
    const free = await gateway.apiKey()
    expect(await status('csk-wrong')).toBe(401)
    expect([await status(limited), await status(limited)]).toEqual([200, 429])
    expect([await status(free), await status(free)]).toEqual([200, 200])
    gateway.advance('1d')
    expect(await status(limited)).toBe(200)
  })
})

describe.each(GATEWAY_SHAPES)('people and signers at a test gateway of the shape %s', async (shape) => {
  const gateway = await startTestGateway({
    openapi: {
      ...DOCUMENT,
      paths: { '/things': { get: says('token') }, '/visits': { get: says('group') } },
    },
    shape,
    upstream: ({ headers }) =>
      Response.json({ email: headers.get('x-countersign-email'), roles: headers.get('x-countersign-roles') }),
  })
  afterAll(() => gateway.close())
  await gateway.accessRules([{ group: 'officers', routes: ['GET /visits'] }])
  const statusOf = async (path: string, token: Awaited<ReturnType<typeof gateway.session>> | string) =>
    (await gateway.fetch(path, { token })).status

  it('let in who is in a group that a rule names, until they sign out', async () => {
    const ada = await gateway.session({ name: 'ada', groups: ['officers', 'others'] })
    const answer = await gateway.fetch('/visits', { token: ada })
    expect([answer.status, await answer.json()]).toEqual([200, { email: 'ada%40example.test', roles: null }])
    expect(gateway.decisions.at(-1)).toMatchObject({ outcome: 'allow', sessionId: ada.id })
    expect(await statusOf('/things', ada)).toBe(403)
    await gateway.signOut(ada)
    expect(await statusOf('/visits', ada)).toBe(401)
  })

  it('refuse who is in no such group, and everybody once the rule is gone', async () => {
    expect(await statusOf('/visits', await gateway.session({ groups: ['others'] }))).toBe(403)
    expect(await statusOf('/visits', await gateway.session())).toBe(403)
    const ada = await gateway.session({ groups: ['officers'] })
    await gateway.accessRules([])
    expect(await statusOf('/visits', ada)).toBe(403)
    await gateway.accessRules([{ group: 'officers', routes: ['GET /visits'] }])
    expect(await statusOf('/visits', ada)).toBe(200)
    await expect(gateway.accessRules([{ group: 'officers', routes: ['GET /nowhere'] }])).rejects.toThrow()
  })

  it('let in what a consumer signs itself, as far as it was given something and for minutes', async () => {
    const signer = await gateway.signer()
    const answer = await gateway.fetch('/things', { token: signer.sign({ roles: ['editor'] }) })
    expect([answer.status, await answer.json()]).toEqual([200, { email: null, roles: 'editor' }])
    expect(await statusOf('/visits', signer.sign())).toBe(403)
    expect(await statusOf('/things', signer.sign({ exp: undefined }))).toBe(401)
    expect(await statusOf('/things', signer.sign({ iss: 'somebody else' }))).toBe(401)
    const token = signer.sign()
    await gateway.suspend(signer.consumer)
    expect(await statusOf('/things', token)).toBe(401)
  })

  it('age as everything does', async () => {
    const [ada, signer] = [await gateway.session({ groups: ['officers'] }), await gateway.signer()]
    const token = signer.sign()
    expect([await statusOf('/visits', ada), await statusOf('/things', token)]).toEqual([200, 200])
    gateway.advance('6m')
    expect([await statusOf('/visits', ada), await statusOf('/things', token)]).toEqual([200, 401])
    gateway.advance('1h')
    expect(await statusOf('/visits', ada)).toBe(401)
    expect(await statusOf('/things', signer.sign())).toBe(200)
  })
})
