import { Agent, request as httpRequest } from 'node:http'
import { done, startWorld, type WorldOptions } from '../support/world.ts'

export interface Issued {
  readonly id: string
  readonly token: string
}

/** A platform with one API, of which one route is a token's and one is open, and a consumer who asks for tokens. */
export interface Housing {
  readonly world: Awaited<ReturnType<typeof startWorld>>
  readonly consumer: string
  /** What `POST /tokens` is sent. */
  readonly wanted: {
    readonly consumer: string
    readonly grants: readonly object[]
    readonly expiresIn: string
  }
  issue(): Promise<Issued>
}

export const TENANCY = '/abc123/staging/api/v1/tenancies/7'
export const NOTICE = '/abc123/staging/api/v1/notices/7'

const operation = (authorization: string) => ({
  get: {
    'x-countersign-authorization': authorization,
    parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
    responses: { 200: { description: 'OK' } },
  },
})

const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Housing', version: '1' },
  paths: { '/api/v1/tenancies/{id}': operation('token'), '/api/v1/notices/{id}': operation('open') },
}

const DEPLOYMENT = { accountId: '111111111111', region: 'eu-west-2', gatewayId: 'abc123', stage: 'staging' }

export const startHousing = async (options: WorldOptions = {}): Promise<Housing> => {
  const world = await startWorld(options)
  const { apis, consumers, tokens } = world.client
  done(await apis.publish('housing', { owner: 'housing@example.org', openapi: DOCUMENT }))
  done(await apis.deploy('housing', 'staging', DEPLOYMENT))
  const owner = { name: 'Repairs', type: 'service', owner: 'repairs@example.org' } as const
  const consumer = done(await consumers.register(owner)).id
  const grants = [{ api: 'housing', environment: 'staging', routes: ['GET /api/v1/tenancies/{id}'] }]
  const wanted = { consumer, grants, expiresIn: '30d' }
  const issue = async (): Promise<Issued> => {
    const { id, token } = done(await tokens.issue(wanted))
    if (token === undefined) throw new Error('no token was issued')
    return { id, token }
  }
  await world.settled()
  return { world, consumer, wanted, issue }
}

/** Status of one call through the gateway. */
export type Caller = (path: string, token?: string) => Promise<number>

/** Calls over connections that are kept. */
export const callerOf = (origin: string, connections: number): { call: Caller; close(): void } => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const { hostname, port } = new URL(origin)
  const call: Caller = (path, token) =>
    new Promise((resolve, reject) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const outgoing = httpRequest({ hostname, port, path, agent, headers }, (incoming) => {
        incoming.on('error', reject)
        incoming.on('end', () => resolve(incoming.statusCode ?? 0))
        incoming.resume()
      })
      outgoing.on('error', reject)
      outgoing.end()
    })
  return { call, close: () => agent.destroy() }
}
