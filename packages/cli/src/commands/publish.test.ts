import { type Reply, standIn } from '@countersign/client/testing'
import { describe, expect, it } from 'vitest'
import { API, NOT_FOUND, REFUSED } from '../testing/bodies.ts'
import { temporaryFolder, type } from '../testing/typed.ts'

const WHERE = [
  '--environment',
  'staging',
  '--gateway-id',
  'abc123',
  '--stage',
  'v1',
  '--account',
  '111111111111',
]
const YAML =
  'openapi: 3.0.3\ninfo:\n  title: Pets & Friends API\n  version: "1"\n  contact: {name: Team\n    Pets}\npaths: {}\n'
const NEW: Reply = { status: 404, body: NOT_FOUND }

/** Answers GET, PUT, PUT in this order. */
const platformWith = (...replies: readonly Reply[]) => standIn((_, index) => replies[index] ?? 'reset')

const publish = (url: string, input: string, ...more: readonly string[]) =>
  type(url, ['apis', 'publish', '-', ...WHERE, ...more], { input })

describe('apis publish', () => {
  it('registers the document under the slug of its title, then says where it is deployed', async () => {
    await using platform = await platformWith(NEW, { status: 201, body: API }, { body: API })
    const { code, out } = await publish(platform.url, YAML)
    const [, registration, deployment] = platform.received
    expect(code).toBe(0)
    expect(platform.received.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /apis/pets-friends-api',
      'PUT /apis/pets-friends-api',
      'PUT /apis/pets-friends-api/deployments/staging',
    ])
    expect(JSON.parse(registration?.body ?? '')).toEqual({
      owner: 'Team Pets',
      openapi: {
        openapi: '3.0.3',
        info: { title: 'Pets & Friends API', version: '1', contact: { name: 'Team Pets' } },
        paths: {},
      },
    })
    expect(JSON.parse(deployment?.body ?? '')).toEqual({
      accountId: '111111111111',
      region: 'eu-west-2',
      gatewayId: 'abc123',
      stage: 'v1',
    })
    expect(out).toBe(
      'Published pets\n' +
        'id          api_1\n' +
        'owner       team-pets\n' +
        'routes      2 (1 token, 1 iam)\n' +
        'deployment  staging: 111111111111/eu-west-2/abc123/v1\n',
    )
  })

  it('reads a file, JSON or YAML', async () => {
    await using folder = await temporaryFolder()
    const file = await folder.file('pets.json', '\ufeff{"swagger":"2.0","info":{"title":"Pets"},"paths":{}}')
    await using platform = await platformWith(NEW, { body: API }, { body: API })
    const { code, error } = await type(platform.url, ['apis', 'publish', file, ...WHERE])
    expect([code, error]).toEqual([0, ''])
    expect(JSON.parse(platform.received[1]?.body ?? '')).toMatchObject({
      owner: 'unowned',
      openapi: { swagger: '2.0' },
    })
  })

  it('passes on what is said about name, owner, region, authorization and cache', async () => {
    await using platform = await platformWith(NEW, { body: API }, { body: API })
    const said = [
      '--name',
      'zoo',
      '--owner',
      'o',
      '--region',
      'us-east-1',
      '--authorization',
      'token',
      '--cache-ttl',
      '60',
    ]
    await publish(platform.url, YAML, ...said)
    expect(platform.received[1]).toMatchObject({ path: '/apis/zoo' })
    expect(JSON.parse(platform.received[1]?.body ?? '')).toMatchObject({ owner: 'o', authorization: 'token' })
    expect(JSON.parse(platform.received[2]?.body ?? '')).toMatchObject({
      region: 'us-east-1',
      authorizerCacheTtlSeconds: 60,
    })
  })

  it('keeps owner and description of an API that is registered already', async () => {
    await using platform = await platformWith({ body: API }, { body: API }, { body: API })
    await publish(platform.url, YAML)
    expect(JSON.parse(platform.received[1]?.body ?? '')).toMatchObject({
      owner: 'team-pets',
      description: 'All about pets',
    })
  })

  it('prints the deployed API with --json, and nothing else', async () => {
    await using platform = await platformWith(NEW, { body: { not: 'this' } }, { body: API })
    expect((await publish(platform.url, YAML, '--json')).out).toBe(JSON.stringify(API))
  })

  it('says how to protect routes that no token opens', async () => {
    const closed = { ...API, routes: [{ method: 'GET', path: '/pets', authorization: 'iam' }] }
    await using platform = await platformWith(NEW, { body: closed }, { body: closed })
    expect((await publish(platform.url, YAML)).out).toContain('--authorization token')
  })

  it('does not deploy what was refused', async () => {
    await using platform = await platformWith(NEW, { status: 422, body: REFUSED })
    expect(await publish(platform.url, YAML)).toMatchObject({ code: 1, out: '' })
    expect(platform.received).toHaveLength(2)
  })

  it('says that the API is registered when only its deployment is refused', async () => {
    await using platform = await platformWith(NEW, { body: API }, { status: 400, body: REFUSED })
    const { code, error } = await publish(platform.url, YAML, '--name', 'zoo')
    expect(code).toBe(1)
    expect(error).toMatch(
      /^countersign: "zoo" is registered, its deployment is not:\ncountersign: invalid_request: /,
    )
  })

  it.each([
    ['a list', '- 1\n', 'does not hold an OpenAPI document'],
    ['neither JSON nor YAML', '{"a": [1, }', 'is neither JSON nor YAML'],
    ['a document in itself', 'info: &a\n  title: x\n  self: *a\n', 'is neither JSON nor YAML'],
    ['a document without a title', 'openapi: 3.1.0\n', 'give --name'],
    ['nothing', '', 'does not hold an OpenAPI document'],
  ])('sends nothing when the file holds %s', async (_, text, message) => {
    await using platform = await platformWith()
    const { code, error } = await publish(platform.url, text)
    expect(code).toBe(2)
    expect(error.split('\n')).toHaveLength(2)
    expect(error).toContain(message)
    expect(platform.received).toEqual([])
  })
})
