import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { ProtectedRoute } from '../shared/route.ts'
import { routesOf } from './routes.ts'

const PUBLISHED = new URL('../../../../../shared/openapi/', import.meta.url)

const codesOf = async (source: Parameters<typeof routesOf>[0], requested?: unknown) => {
  const result = await routesOf(source, requested)
  return result.ok ? [] : result.error.map(({ code }) => code)
}

const routesIn = async (source: Parameters<typeof routesOf>[0], requested?: unknown) => {
  const result = await routesOf(source, requested)
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value
}

const written = (routes: readonly ProtectedRoute[]) => routes.map(({ method, path }) => `${method} ${path}`)

const operation = (more: object = {}) => ({ responses: { default: { description: 'any' } }, ...more })

const openapi = (more: object = {}, version = '3.0.3') => ({
  openapi: version,
  info: { title: 'Tenancies', version: '1' },
  paths: { '/tenancies/{id}': { get: operation({ parameters: [id] }) } },
  ...more,
})

const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }

const swagger = (more: object = {}) => ({
  swagger: '2.0',
  info: { title: 'Tenancies', version: '1' },
  paths: { '/tenancies': { get: operation() } },
  ...more,
})

const protectedBy = async (
  security: unknown,
  scheme: object,
  requested?: unknown,
): Promise<string | undefined> => {
  const document = openapi({
    paths: { '/x': { get: operation({ security }) } },
    components: { securitySchemes: { s: scheme, other: { type: 'http', scheme: 'digest' } } },
  })
  return (await routesIn(document, requested))[0]?.authorization
}

describe('the published documents', () => {
  const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

  it.for([
    ['v2.0-uber.yaml', '/v1'],
    ['v3.0-link-example.yaml', ''],
    ['v3.0-petstore-expanded.yaml', '/v2'],
    ['v3.0-uspto.yaml', '/ds-api'],
    ['v3.1-tictactoe.yaml', ''],
  ] as const)('%s: every operation becomes a route under its base path', async ([name, base], ctx) => {
    if (!existsSync(new URL(name, PUBLISHED))) ctx.skip(`${name} is not on this machine`)
    const text = readFileSync(new URL(name, PUBLISHED), 'utf8')
    const paths = (parse(text) as { paths: Record<string, Record<string, unknown>> }).paths
    const expected = Object.entries(paths).flatMap(([path, item]) =>
      METHODS.filter((method) => method in item).map(
        (method) => `${method.toUpperCase()} ${base}${base && path === '/' ? '' : path}`,
      ),
    )
    const routes = await routesIn(text)
    expect(expected.length).toBeGreaterThan(0)
    expect(written(routes).toSorted((a, b) => a.localeCompare(b))).toEqual(
      expected.toSorted((a, b) => a.localeCompare(b)),
    )
    expect(await routesIn(parse(text) as object as Record<string, unknown>)).toEqual(routes)
    expect(await routesIn(JSON.stringify(parse(text), null, '\t'))).toEqual(routes)
  })
})

describe('reading a document', () => {
  it('takes 2.0, 3.0 and 3.1, as an object, as JSON and as YAML', async () => {
    expect(written(await routesIn(swagger()))).toEqual(['GET /tenancies'])
    for (const version of ['3.0.0', '3.0.4', '3.1.0', '3.1.1'])
      expect(written(await routesIn(JSON.stringify(openapi({}, version))))).toEqual(['GET /tenancies/{id}'])
  })

  it.for(['1.2', '3.2.0', '4.0.0', '3.0', 3, null, ['3.0.0'], { major: 3 }])(
    'refuses the version %j',
    async (version) => {
      expect(await codesOf({ ...openapi(), openapi: version })).toEqual(['version_unsupported'])
    },
  )

  it.for(['', '[]', '1', '"text"', 'null', '~', '{', '%', '\0', '- a\n- b'])(
    'refuses the text %j',
    async (text) => {
      expect(await codesOf(text)).toContain('document_malformed')
    },
  )

  it('names every fault, where it is', async () => {
    const result = await routesOf({ ...openapi(), info: {}, paths: { '/x': { get: { responses: 7 } } } })
    const pointers = result.ok ? [] : result.error.map(({ pointer }) => pointer)
    expect(pointers).toEqual(expect.arrayContaining(['/info', '/paths/~1x/get/responses']))
  })

  it('refuses a member that is there twice, in JSON and in YAML', async () => {
    expect(await codesOf('{"openapi":"3.0.0","openapi":"3.0.0"}')).toEqual(['document_malformed'])
    expect(await codesOf('openapi: 3.0.0\ninfo: {title: a, version: b, "title": c}\n')).toEqual([
      'document_malformed',
    ])
    expect(await codesOf('a: {200: x, "200": y}')).toEqual(['document_malformed'])
  })

  it('reads YAML 1.2 whatever version the text claims', async () => {
    const text = `%YAML 1.1\n---\n${JSON.stringify(openapi({ 'x-when': 'w' })).replace('"w"', '2001-12-14')}`
    expect(written(await routesIn(text))).toEqual(['GET /tenancies/{id}'])
  })

  it('takes members that JavaScript gives a meaning to as names', async () => {
    const text = JSON.stringify(openapi({ 'x-a': 1 })).replace(
      '"x-a":1',
      '"x-a":{"__proto__":{"paths":1}},"__proto__":{}',
    )
    expect(await codesOf(text)).toEqual(['document_invalid'])
    const inData = JSON.stringify(openapi({ 'x-a': 1 })).replace('"x-a":1', '"x-a":{"__proto__":{"paths":1}}')
    expect(written(await routesIn(inData))).toEqual(['GET /tenancies/{id}'])
    expect(({} as { paths?: unknown }).paths).toBeUndefined()
  })

  it('cuts what it quotes, and says at most a hundred faults', async () => {
    const refs = Array.from({ length: 300 }, () => ({ $ref: `http://${'x'.repeat(5_000)}` }))
    const result = await routesOf(openapi({ components: { schemas: { a: { oneOf: refs } } } }))
    const faults = result.ok ? [] : result.error
    expect(faults).toHaveLength(100)
    expect(JSON.stringify(faults).length).toBeLessThan(100_000)
  })
})

describe('references', () => {
  const referring = ($ref: string) =>
    openapi({
      paths: { '/x': { get: operation({ parameters: [{ $ref }] }) } },
      components: { parameters: { p } },
    })
  const p = { name: 'p', in: 'query', schema: { type: 'string' } }

  it('are resolved inside the document', async () => {
    expect(written(await routesIn(referring('#/components/parameters/p')))).toEqual(['GET /x'])
  })

  it.for(['http://169.254.169.254/latest', 'file:///etc/passwd', 'other.yaml#/a', '//host/a', './a'])(
    'outside the document are never fetched: %s',
    async ($ref) => {
      expect(await codesOf(referring($ref))).toEqual(['reference_outside_document'])
    },
  )

  it.for([
    '#/components/parameters/q',
    '#/components/parameters/p/0',
    '#/%zz',
    '#p',
    '#/components/__proto__',
    '#/toString',
  ])('to what is not there are refused: %s', async ($ref) => {
    expect(await codesOf(referring($ref))).toContain('reference_unresolved')
  })

  it('in examples, defaults, extensions and property names are data', async () => {
    const schema = {
      type: 'object',
      properties: { $ref: { type: 'string' } },
      example: { $ref: 'http://nowhere.example' },
      'x-data': { $ref: '#/nowhere' },
    }
    expect(await codesOf(openapi({ components: { schemas: { schema } } }))).toEqual([])
  })

  it('may be cyclic in schemas', async () => {
    const schemas = {
      node: { type: 'object', properties: { next: { $ref: '#/components/schemas/node' } } },
      a: { $ref: '#/components/schemas/b' },
      b: { $ref: '#/components/schemas/a' },
    }
    expect(await codesOf(openapi({ components: { schemas } }))).toEqual([])
  })

  it('of a path item bring its operations, and its own members go first', async () => {
    const document = openapi(
      {
        paths: { '/x': { $ref: '#/components/pathItems/shared', 'x-countersign-authorization': 'token' } },
        components: {
          pathItems: {
            shared: { get: operation(), post: operation(), 'x-countersign-authorization': 'iam' },
          },
        },
      },
      '3.1.0',
    )
    expect(await routesIn(document)).toEqual([
      { method: 'GET', path: '/x', authorization: 'token' },
      { method: 'POST', path: '/x', authorization: 'token' },
    ])
  })

  it('of a path item that go in a circle are refused, not dropped', async () => {
    const paths = {
      '/x': { get: operation() },
      '/a': { $ref: '#/paths/~1b' },
      '/b': { $ref: '#/paths/~1a' },
    }
    expect(await codesOf(openapi({ paths }, '3.1.0'))).toEqual([
      'reference_unresolved',
      'reference_unresolved',
    ])
  })
})

describe('base paths', () => {
  it.for([
    [undefined, '/x'],
    [[], '/x'],
    [[{ url: '/' }], '/x'],
    [[{ url: '/v1' }], '/v1/x'],
    [[{ url: '/v1///' }], '/v1/x'],
    [[{ url: 'v1' }], '/v1/x'],
    [[{ url: './v1' }], '/v1/x'],
    [[{ url: 'https://a.example' }], '/x'],
    [[{ url: 'https://a.example:8443/v1/?q=1#f' }], '/v1/x'],
    [[{ url: '//a.example/v1' }], '/v1/x'],
    [
      [{ url: 'https://{host}/{base}', variables: { host: { default: 'h' }, base: { default: 'v2' } } }],
      '/v2/x',
    ],
    [[{ url: '{root}', variables: { root: { default: 'https://a.example/api' } } }], '/api/x'],
    [[{ url: '/v1' }, { url: '/v2' }], '/v1/x'],
    [[{ url: '/v1?q=https://a.example/b' }], '/v1/x'],
    [[{ url: '/v1?a\nb#c' }], '/v1/x'],
  ] as const)('%j gives %s', async ([servers, path]) => {
    const document = openapi({ paths: { '/x': { get: operation() } }, ...(servers && { servers }) })
    expect(written(await routesIn(document))).toEqual([`GET ${path}`])
  })

  it('come from the operation, then the path, then the document', async () => {
    const document = openapi({
      servers: [{ url: '/whole' }],
      paths: {
        '/a': {
          servers: [{ url: '/item' }],
          get: operation({ servers: [{ url: '/own' }] }),
          put: operation(),
        },
        '/b': { get: operation() },
        '/c': { servers: [], get: operation({ servers: [] }) },
        '/': { get: operation() },
      },
    })
    expect(written(await routesIn(document))).toEqual([
      'GET /own/a',
      'PUT /item/a',
      'GET /whole/b',
      'GET /whole/c',
      'GET /whole',
    ])
  })

  it.for([
    ['/v1', '/v1/tenancies'],
    ['/', '/tenancies'],
    ['/v1/', '/v1/tenancies'],
  ] as const)('of 2.0: %s gives %s', async ([basePath, path]) => {
    expect(written(await routesIn(swagger({ basePath })))).toEqual([`GET ${path}`])
  })

  it.for(['/v1//a', 'v1/./a', '/v1/../a'])('are refused, and never read as another: %s', async (url) => {
    expect(await codesOf(openapi({ servers: [{ url }] }))).toEqual(['path_unsupported'])
  })

  it('do not grow without bound', async () => {
    const url = '{a}'.repeat(20_000)
    const servers = [{ url, variables: { a: { default: 'b'.repeat(20_000) } } }]
    expect(await codesOf(openapi({ servers }))).toEqual(['path_unsupported'])
  })
})

describe('what API Gateway could not have', () => {
  it.for([
    '/a//b',
    '/a/../b',
    '/./a',
    '/a b',
    '/a?q',
    '/a#f',
    '/a*',
    '/a%2Fb',
    '/a\\b',
    '/{a',
    '/a}',
    '/{}',
    '/{a+}/b',
    '/x{a+}',
    '/{a b}',
    '/\u0000',
    `/${'a'.repeat(1_100)}`,
  ])('is refused: %j', async (path) => {
    expect(await codesOf(openapi({ paths: { [path]: { get: operation() } } }))).toContain('path_unsupported')
  })

  it.for([
    '/',
    '/{proxy+}',
    '/a/{b}.json',
    '/{base}...{head}',
    '/2010-04-01/{Sid}.json',
    '/v1/{name}:cancel',
    "/Users('{id}')",
  ])('is not what is accepted: %j', async (path) => {
    expect(written(await routesIn(openapi({ paths: { [path]: { get: operation() } } })))).toEqual([
      `GET ${path}`,
    ])
  })

  it('includes two templates for the same requests', async () => {
    const paths = { '/x/{a}': { get: operation() }, '/x/{b}': { get: operation(), put: operation() } }
    expect(await codesOf(openapi({ paths }))).toEqual(['route_ambiguous'])
  })

  it('includes a document without an operation', async () => {
    expect(await codesOf(openapi({ paths: {} }))).toEqual(['no_operations'])
    expect(await codesOf(openapi({ paths: { 'x-a': {}, '/a': { summary: 'none' } } }))).toEqual([
      'no_operations',
    ])
    const hooks = { paths: undefined, webhooks: { w: { post: operation() } } }
    expect(await codesOf(JSON.stringify(openapi(hooks, '3.1.0')))).toEqual(['no_operations'])
  })

  it('includes more operations than it has room for', async () => {
    const many = (count: number) =>
      openapi({
        paths: Object.fromEntries(Array.from({ length: count }, (_, i) => [`/p${i}`, { get: operation() }])),
      })
    expect(await codesOf(many(1_000))).toEqual([])
    expect(await codesOf(many(1_001))).toEqual(['too_many_operations'])
  })

  it('names routes that no event could carry', async () => {
    const long = (count: number) => {
      const paths = Array.from({ length: count }, (_, i) => [`/${'p'.repeat(500)}${i}`, { get: operation() }])
      return openapi({ paths: Object.fromEntries(paths) })
    }
    expect(await codesOf(long(300))).toEqual([])
    expect(await codesOf(long(400))).toEqual(['document_too_large'])
  })

  it('reads the ANY method of API Gateway', async () => {
    const paths = { '/{proxy+}': { 'x-amazon-apigateway-any-method': operation() } }
    expect(written(await routesIn(openapi({ paths })))).toEqual(['ANY /{proxy+}'])
  })
})

describe('how a route is protected', () => {
  const key = { type: 'apiKey', in: 'header', name: 'X-API-Key' }
  const sigv4 = {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    'x-amazon-apigateway-authtype': 'awsSigv4',
  }
  const oauth2 = {
    type: 'oauth2',
    flows: { clientCredentials: { tokenUrl: 'https://a.example', scopes: {} } },
  }
  const oidc = { type: 'openIdConnect', openIdConnectUrl: 'https://a.example' }

  it.for([
    [{ type: 'http', scheme: 'bearer' }, 'token'],
    [{ type: 'http', scheme: 'Bearer', bearerFormat: 'JWT' }, 'token'],
    [oauth2, 'token'],
    [oidc, 'group'],
    [key, 'api-key'],
    [sigv4, 'iam'],
    [{ type: 'http', scheme: 'basic' }, 'iam'],
    [{ ...key, in: 'query' }, 'iam'],
    [{ ...key, in: 'cookie' }, 'iam'],
    [{ ...key, name: 'x-other' }, 'iam'],
    [{ ...key, name: 'x-other', 'x-amazon-apigateway-authtype': { toString: 1 } }, 'iam'],
  ] as const)('%j means %s', async ([scheme, authorization]) => {
    expect(await protectedBy([{ s: [] }], scheme)).toBe(authorization)
  })

  it.for([
    [sigv4, 'iam'],
    [{ ...sigv4, 'x-amazon-apigateway-authtype': 'AWSSIGV4' }, 'iam'],
    [{ ...sigv4, 'x-amazon-apigateway-authtype': 'custom' }, 'token'],
    [{ ...sigv4, in: 'query' }, 'token'],
    [key, 'api-key'],
    [{ ...key, in: 'query' }, 'token'],
    [{ ...key, name: 'x-other' }, 'token'],
    [oidc, 'group'],
    [{ type: 'http', scheme: 'basic' }, 'token'],
  ] as const)('%j means %s where tokens were asked for', async ([scheme, authorization]) => {
    expect(await protectedBy([{ s: [] }], scheme, 'token')).toBe(authorization)
  })

  it('is never silently open', async () => {
    const bearer = { type: 'http', scheme: 'bearer' }
    expect(await protectedBy([], bearer)).toBe('iam')
    expect(await protectedBy([], bearer, 'token')).toBe('iam')
    expect(await protectedBy([{}], bearer, 'open')).toBe('iam')
    expect(await protectedBy([{}, { s: [] }], bearer)).toBe('token')
    expect(await protectedBy([{ unheard: [] }], bearer)).toBe('iam')
    expect(await protectedBy([{ unheard: [] }], bearer, 'token')).toBe('token')
    expect(await protectedBy([{ constructor: [] }], bearer)).toBe('iam')
  })

  it('may be by token or by group', async () => {
    const securitySchemes = { t: oauth2, g: oidc }
    for (const security of [[{ t: [] }, { g: [] }], [{ t: [], g: [] }]]) {
      const document = openapi({ security, components: { securitySchemes } })
      expect((await routesIn(document))[0]?.authorization).toBe('token+group')
    }
  })

  it('follows a reference to a security scheme', async () => {
    const securitySchemes = { s: { $ref: '#/components/securitySchemes/t' }, t: oauth2 }
    const document = openapi({ security: [{ s: [] }], components: { securitySchemes } })
    expect((await routesIn(document))[0]?.authorization).toBe('token')
  })

  it('is read from the definitions of 2.0', async () => {
    const securityDefinitions = {
      k: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      b: { type: 'basic' },
    }
    const document = swagger({ securityDefinitions, security: [{ k: [] }] })
    expect((await routesIn(document))[0]?.authorization).toBe('api-key')
  })

  it('follows the first that speaks: operation, path, document, security, request, iam', async () => {
    const says = (value: string) => ({ 'x-countersign-authorization': value })
    const bearer = {
      security: [{ s: [] }],
      components: { securitySchemes: { s: { type: 'http', scheme: 'bearer' } } },
    }
    const of = async (document: object, item: object, own: object, requested?: string) =>
      (
        await routesIn(openapi({ ...document, paths: { '/x': { ...item, get: operation(own) } } }), requested)
      )[0]?.authorization
    expect(await of({ ...says('group'), ...bearer }, says('iam'), says('open'), 'api-key')).toBe('open')
    expect(await of({ ...says('group'), ...bearer }, says('iam'), {}, 'api-key')).toBe('iam')
    expect(await of({ ...says('group'), ...bearer }, {}, {}, 'api-key')).toBe('group')
    expect(await of(bearer, {}, {}, 'api-key')).toBe('token')
    expect(await of(bearer, {}, { security: [] }, 'api-key')).toBe('iam')
    expect(await of({}, {}, {}, 'api-key')).toBe('api-key')
    expect(await of({}, {}, {})).toBe('iam')
  })

  it.for([
    ['token', 'token'],
    [['token'], 'token'],
    [['group', 'token'], 'token+group'],
    [['token', 'group', 'token'], 'token+group'],
  ] as const)('may be asked for as %j', async ([requested, authorization]) => {
    expect((await routesIn(openapi(), requested))[0]?.authorization).toBe(authorization)
  })

  it.for<unknown>([
    '',
    'Token',
    'none',
    null,
    7,
    [],
    ['open', 'token'],
    [['token']],
    [null],
    {},
    [{ toString: 1 }],
    { toString: 1, valueOf: 1 },
    '__proto__',
    'token '.repeat(10_000),
  ])('is refused when it is no way to protect a route: %j', async (unknown) => {
    expect(await codesOf(openapi(), unknown)).toEqual(['authorization_unknown'])
    expect(await codesOf(openapi({ 'x-countersign-authorization': unknown }))).toEqual([
      'authorization_unknown',
    ])
  })

  it('names the place of an unknown one once, however many operations it is said for', async () => {
    const paths = { '/x': { 'x-countersign-authorization': 'none', get: operation(), put: operation() } }
    const result = await routesOf(openapi({ paths }))
    expect(result.ok ? [] : result.error.map(({ pointer }) => pointer)).toEqual([
      '/paths/~1x/x-countersign-authorization',
    ])
  })
})

describe('hostile documents', () => {
  const inside = (value: string) =>
    `{"openapi":"3.0.0","info":{"title":"a","version":"1"},"paths":{},"x-a":${value}}`

  it('with aliases that expand to too much, or for ever, are refused', async () => {
    const laughs = Array.from({ length: 9 }, (_, i) =>
      i === 0
        ? 'x0: &a0 [l, l, l, l, l, l, l, l, l]'
        : `x${i}: &a${i} [${Array(9)
            .fill(`*a${i - 1}`)
            .join(', ')}]`,
    ).join('\n')
    expect(await codesOf(laughs)).toEqual(['document_malformed'])
    expect(await codesOf('openapi: 3.0.0\nx-a: &a\n  b: *a\n  c: *a\n')).toEqual(['document_too_deep'])
    const many = `x: &a 1\n${Array.from({ length: 5_000 }, (_, i) => `k${i}: *a`).join('\n')}`
    expect(await codesOf(many)).toEqual(['document_malformed'])
    const each = (count: number) =>
      Array.from({ length: count }, (_, i) => `k${i}: &a${i} 1\nm${i}: *a${i}`).join('\n')
    expect(await codesOf(each(200))).toEqual(['version_unsupported'])
    expect(await codesOf(each(201))).toEqual(['document_malformed'])
  })

  it('that nest too deep are refused', async () => {
    const nested = (depth: number) => inside(`${'['.repeat(depth)}${']'.repeat(depth)}`)
    expect(await codesOf(nested(100))).toEqual(['no_operations'])
    expect(await codesOf(nested(250))).toEqual(['document_too_deep'])
    expect(await codesOf(JSON.parse(nested(5_000)) as Record<string, unknown>)).toEqual(['document_too_deep'])
    expect(await codesOf(nested(20_000))).toContain('document_malformed')
  })

  it('that are too large are refused', async () => {
    const list = (length: number) =>
      JSON.parse(inside(JSON.stringify(Array(length).fill(0)))) as Record<string, unknown>
    expect(await codesOf(list(4_000))).toEqual(['no_operations'])
    expect(await codesOf(list(6_000))).toEqual(['document_too_large'])
    const members = Object.fromEntries(Array.from({ length: 250_000 }, (_, i) => [`k${i}`, 0]))
    expect(await codesOf({ ...openapi(), 'x-a': members })).toEqual(['document_too_large'])
  })

  it('with long runs of slashes or of keys take no longer than their length allows', async () => {
    expect(await codesOf(swagger({ basePath: `${'/'.repeat(400_000)}x` }))).toEqual(['path_unsupported'])
    const keys = Array.from({ length: 60_000 }, (_, i) => `"k${i}":0`).join()
    expect(await codesOf(inside(`{${keys}}`))).toEqual(['no_operations'])
    const anchors = Array.from({ length: 10_000 }, () => ({ $ref: '#nowhere' }))
    expect(
      await codesOf(openapi({ components: { schemas: Object.fromEntries(anchors.entries()) } })),
    ).toContain('reference_unresolved')
  })

  const seed = Number(process.env.COUNTERSIGN_SEED ?? Date.now() % 1_000_000)
  const anything = fc.jsonValue({ maxDepth: 3 })
  const strange = fc.oneof(
    anything,
    fc.constantFrom({ toString: 1 }, { $ref: '#/paths' }, { $ref: 7 }, [[]], '__proto__'),
  )

  it(`never make it throw (seed ${seed})`, async () => {
    const names = [
      'openapi',
      'swagger',
      'info',
      'paths',
      'servers',
      'security',
      'components',
      'basePath',
      '__proto__',
    ]
    const document = fc.tuple(
      fc.constantFrom(openapi(), openapi({}, '3.1.0'), swagger()),
      fc.dictionary(fc.constantFrom(...names, 'x-countersign-authorization', 'x-a'), strange, { maxKeys: 3 }),
      fc.dictionary(fc.constantFrom('/x', '/y/{a}', 'x-a', '/'), strange, { maxKeys: 2 }),
    )
    await fc.assert(
      fc.asyncProperty(document, strange, async ([base, members, paths], requested) => {
        const result = await routesOf(
          { ...base, paths: { ...base.paths, ...paths }, ...members } as object as Record<string, unknown>,
          requested,
        )
        if (!result.ok) expect(result.error.length).toBeGreaterThan(0)
      }),
      { seed, numRuns: 400 },
    )
  })

  it(`as text never make it throw (seed ${seed})`, async () => {
    const piece = fc.constantFrom(
      '&a',
      '*a',
      '{',
      '}',
      '[',
      ']',
      ':',
      ' ',
      '\n',
      '- ',
      '? ',
      '"',
      "'",
      '|',
      '>',
      '!!set',
      '<<',
      '%',
      '~',
      '#',
      ',',
      'k',
      '1',
      '\t',
      '---',
      '...',
      '@',
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
    )
    await fc.assert(
      fc.asyncProperty(text, async (source) => {
        expect((await routesOf(source)).ok).toBe(false)
      }),
      { seed, numRuns: 1_500 },
    )
  })
})
