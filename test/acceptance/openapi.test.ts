import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, type Terminal } from '@countersign/cli'
import type { Outcome, Problem } from '@countersign/client'
import { afterAll, describe, expect, it } from 'vitest'
import { done, openWorld } from '../support/world.ts'
import { auditLog, example, REPAIRS, ROOT, TENANCIES } from './given.ts'

const SHARED = join(ROOT, '../shared/openapi')

/** What each document says, read by a person. */
const DOCUMENTS: Readonly<Record<string, readonly string[]>> = {
  'v2.0-uber.yaml': [
    'GET /v1/products',
    'GET /v1/estimates/price',
    'GET /v1/estimates/time',
    'GET /v1/me',
    'GET /v1/history',
  ],
  'v3.0-link-example.yaml': [
    'GET /2.0/users/{username}',
    'GET /2.0/repositories/{username}',
    'GET /2.0/repositories/{username}/{slug}',
    'GET /2.0/repositories/{username}/{slug}/pullrequests',
    'GET /2.0/repositories/{username}/{slug}/pullrequests/{pid}',
    'POST /2.0/repositories/{username}/{slug}/pullrequests/{pid}/merge',
  ],
  'v3.0-petstore-expanded.yaml': [
    'GET /v2/pets',
    'POST /v2/pets',
    'GET /v2/pets/{id}',
    'DELETE /v2/pets/{id}',
  ],
  'v3.0-uspto.yaml': [
    'GET /ds-api',
    'GET /ds-api/{dataset}/{version}/fields',
    'POST /ds-api/{dataset}/{version}/records',
  ],
  'v3.1-tictactoe.yaml': ['GET /board', 'GET /board/{row}/{column}', 'PUT /board/{row}/{column}'],
}

const BROKEN = {
  openapi: '3.0.3',
  info: { title: 'Broken' },
  paths: { '/a': { get: { responses: 'none' } }, b: { get: { responses: { 200: { description: 'ok' } } } } },
}

const problemOf = <T>(outcome: Outcome<T>): Problem => {
  if (outcome.ok || outcome.error.reason !== 'problem') throw new Error('this should have been refused')
  return outcome.error.problem
}

const world = await openWorld()
const { client } = world
afterAll(() => world.stop())

const typed = async (argv: readonly string[]) => {
  let [out, error] = ['', '']
  const terminal: Terminal = {
    out: (chunk) => {
      out += String(chunk)
    },
    error: (text) => {
      error += text
    },
    input: async () => '',
    interactive: false,
    environment: { COUNTERSIGN_ENDPOINT: world.api, COUNTERSIGN_CREDENTIAL: world.credentialFile },
    now: () => new Date(),
  }
  return { code: await run(argv, terminal), out, error }
}

const routesOf = ({
  routes,
}: {
  readonly routes: readonly { readonly method: string; readonly path: string }[]
}) => routes.map(({ method, path }) => `${method} ${path}`).toSorted((a, b) => a.localeCompare(b))

describe.skipIf(!existsSync(SHARED))('the published documents', () => {
  it('are the five that are known here', () => {
    const found = readdirSync(SHARED).filter((name) => name.endsWith('.yaml'))
    expect(new Set(found)).toEqual(new Set(Object.keys(DOCUMENTS)))
  })

  describe.each(Object.entries(DOCUMENTS))('%s', (file, expected) => {
    const name = file.replace('.yaml', '')
    const gateway = `gw${Object.keys(DOCUMENTS).indexOf(file)}`

    it('gives one route for each operation, with base path, through PUT /apis', async () => {
      const openapi = readFileSync(join(SHARED, file), 'utf8')
      const api = done(await client.apis.publish(name, { owner: 'team', openapi }))
      expect(routesOf(api)).toEqual([...expected].toSorted((a, b) => a.localeCompare(b)))
    })

    it('gives the same through the command line, and no route is open', async () => {
      const { code, out, error } = await typed([
        ...[
          'apis',
          'publish',
          join(SHARED, file),
          '--name',
          `${name}-cli`,
          '--environment',
          'staging',
          '--json',
        ],
        ...['--gateway-id', gateway, '--stage', 'v1', '--account', '222222222222'],
      ])
      expect([code, error]).toEqual([0, ''])
      const api = JSON.parse(out)
      expect(routesOf(api)).toEqual([...expected].toSorted((a, b) => a.localeCompare(b)))
      expect(api.routes.map((route: { authorization: string }) => route.authorization)).not.toContain('open')
      expect(api.deployments).toMatchObject([
        { gatewayId: gateway, accountId: '222222222222', region: 'eu-west-2' },
      ])
    })
  })
})

describe('a document with errors', () => {
  it('is refused with every reason, and registers nothing', async () => {
    const problem = problemOf(await client.apis.publish('broken', { owner: 'team', openapi: BROKEN }))
    expect(problem).toMatchObject({ status: 422, code: 'registration_rejected' })
    const pointers = new Set(problem.errors?.map(({ pointer }) => pointer))
    expect([...pointers]).toEqual(expect.arrayContaining(['/info', '/paths/~1a/get/responses', '/paths']))
    expect(problemOf(await client.apis.show('broken')).status).toBe(404)
  })

  it('is refused by the command line with one line per reason and exit code 1', async () => {
    const broken = join(ROOT, 'package.json')
    const { code, out, error } = await typed([
      ...['apis', 'publish', broken, '--name', 'broken', '--environment', 'staging'],
      ...['--gateway-id', 'broken', '--stage', 'v1', '--account', '222222222222'],
    ])
    expect([code, out]).toEqual([1, ''])
    expect(error).toMatch(/^countersign: registration_rejected: .*\n( {2}.*\n)+$/)
  })

  it('leaves an event that says the same to its publisher, under the publication id of the API Hub', async () => {
    const eventId = await world.publishHubEvent('api-hub.api-published', {
      publicationId: 'hub-broken-1',
      name: 'broken',
      owner: 'team',
      openapi: BROKEN,
    })
    await world.settled()
    const log = await auditLog(client, { type: 'api.registration-rejected', actor: 'api-hub' })
    const rejected = log.filter(({ correlationid }) => correlationid === 'hub-broken-1')
    expect(rejected).toMatchObject([
      {
        causationid: eventId,
        correlationid: 'hub-broken-1',
        data: { name: 'broken', publicationId: 'hub-broken-1' },
      },
    ])
    const direct = problemOf(await client.apis.publish('broken', { owner: 'team', openapi: BROKEN }))
    expect(rejected[0]?.data.refusals).toEqual(direct.errors)
  })

  it('is never fetched: a reference to elsewhere is a reason', async () => {
    const openapi = {
      ...BROKEN,
      info: { title: 'Elsewhere', version: '1' },
      paths: { '/a': { $ref: `${world.api}/health` } },
    }
    const problem = problemOf(await client.apis.publish('elsewhere', { owner: 'team', openapi }))
    expect(problem.code).toBe('registration_rejected')
  })
})

describe('one deployment', () => {
  it('is never claimed by two APIs: the second is refused with 409 and stays undeployed', async () => {
    const at = { ...TENANCIES, gatewayId: 'claimed' }
    done(await client.apis.publish('first', { owner: 'a', openapi: example('tenancies') }))
    done(await client.apis.publish('second', { owner: 'b', openapi: example('repairs') }))
    done(await client.apis.deploy('first', 'staging', at))
    expect(problemOf(await client.apis.deploy('second', 'staging', at))).toMatchObject({
      status: 409,
      code: 'deployment_taken',
    })
    expect(problemOf(await client.apis.deploy('first', 'production', at)).code).toBe(
      'deployment_of_other_environment',
    )
    expect(done(await client.apis.show('second')).deployments).toEqual([])
  })

  it('claimed by the API Hub for a second API is refused in an event that names the environment', async () => {
    await world.publishHubEvent('api-hub.api-published', {
      publicationId: 'hub-third',
      name: 'third',
      owner: 'c',
      openapi: example('repairs'),
      deployments: [{ environment: 'staging', ...TENANCIES, gatewayId: 'claimed' }],
    })
    await world.settled()
    const rejected = await auditLog(client, { type: 'api.registration-rejected' })
    expect(rejected.filter(({ correlationid }) => correlationid === 'hub-third')).toMatchObject([
      { data: { refusals: [{ pointer: '/deployments/staging', code: 'deployment_taken' }] } },
    ])
    expect(done(await client.apis.show('third')).deployments).toEqual([])
  })

  it('is free again once its API is gone', async () => {
    const at = { ...REPAIRS, gatewayId: 'freed' }
    done(await client.apis.publish('going', { owner: 'a', openapi: example('tenancies') }))
    done(await client.apis.deploy('going', 'staging', at))
    done(await client.apis.deregister('going'))
    done(await client.apis.publish('coming', { owner: 'a', openapi: example('tenancies') }))
    expect(done(await client.apis.deploy('coming', 'staging', at)).deployments).toMatchObject([
      { gatewayId: 'freed' },
    ])
  })
})
