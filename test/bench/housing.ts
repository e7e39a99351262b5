import { Agent, request as httpRequest } from 'node:http'
import { make as makeIssueToken } from '@countersign/functions/http/issue-token'
import { make as makeRevokeToken } from '@countersign/functions/http/revoke-token'
import type { LogLine, Services } from '@countersign/functions/runtime/services'
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { type AnyWorld, done, startWorld, type WorldOptions } from '../support/world.ts'

export interface Issued {
  readonly id: string
  readonly token: string
}

/** What the decision log says of one decision. */
export interface Decided {
  readonly latencyMilliseconds: number
  /** Of its line of JSON. */
  readonly bytes: number
}

/** A platform with one API, of which one route is a token's and one is open, and a consumer who asks for tokens. */
export interface Housing {
  readonly world: AnyWorld
  /** `POST /tokens` as API Gateway hands it to the function, without the network before it; with other ports, if given. */
  issue(ports?: Partial<Pick<Services, 'ledger' | 'keyRing'>>): Promise<Issued>
  /** `POST /tokens/{id}/revocation` in the same way. */
  revoke(id: string): Promise<void>
  /** Has `look` called whenever rows may have come, until what is returned is called. */
  watch(look: () => Promise<void>): () => void
  /** Decisions of the authorizer since then, oldest first. */
  decisions(since: Date): Promise<readonly Decided[]>
}

export const GATEWAY = 'ghi789'
export const OPEN_PATH = '/notices/{id}'
export const TENANCY = `/${GATEWAY}/staging/api/v1/tenancies/7`
export const NOTICE = `/${GATEWAY}/staging/notices/7`

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
  paths: { '/api/v1/tenancies/{id}': operation('token'), [OPEN_PATH]: operation('open') },
}

const DEPLOYMENT = { accountId: '111111111111', region: 'eu-west-2', gatewayId: GATEWAY, stage: 'staging' }

/** On this machine. */
export const startHousing = async (options: WorldOptions = {}): Promise<Housing> => {
  const decided: (readonly [Date, LogLine])[] = []
  let look = async () => {}
  const world = await startWorld({
    ...options,
    log: (line) => line.message === 'decision' && decided.push([new Date(), line]),
    onStep: (step) => step === 'handled' && void look(),
  })
  return {
    ...(await housingIn(world)),
    watch: (looks) => {
      look = looks
      return () => {
        look = async () => {}
      }
    },
    decisions: async (since) =>
      decided
        .filter(([at]) => at >= since)
        .flatMap(([at, line]) => decidedIn(JSON.stringify({ time: at, ...line }))),
  }
}

/** None, when the line tells of something else. */
export const decidedIn = (line: string): readonly Decided[] => {
  const { message, latencyMilliseconds } = JSON.parse(line) as LogLine
  if (message !== 'decision' || typeof latencyMilliseconds !== 'number') return []
  return [{ latencyMilliseconds, bytes: Buffer.byteLength(line) }]
}

/** Publishes the API and registers the consumer, in a world where the gateway is there. */
export const housingIn = async (world: AnyWorld): Promise<Pick<Housing, 'world' | 'issue' | 'revoke'>> => {
  const { apis, consumers } = world.client
  done(await apis.publish('housing', { owner: 'housing@example.org', openapi: DOCUMENT }))
  done(await apis.deploy('housing', 'staging', DEPLOYMENT))
  const owner = { name: 'Repairs', type: 'service', owner: 'repairs@example.org' } as const
  const consumer = done(await consumers.register(owner)).id
  const grants = [{ api: 'housing', environment: 'staging', routes: ['GET /api/v1/tenancies/{id}'] }]
  await world.settled()
  return {
    world,
    issue: issuing(world.services, { consumer, grants, expiresIn: '30d' }),
    revoke: async (id) => {
      const event = eventOf('/tokens/{id}/revocation', { reason: 'compromised' }, { id })
      const { statusCode, body } = await makeRevokeToken(world.services)(event)
      if (statusCode !== 200) throw new Error(`not revoked: ${statusCode} ${body}`)
    },
  }
}

const issuing = (services: Services, wanted: object): Housing['issue'] => {
  const event = eventOf('/tokens', wanted)
  return async (ports = {}) => {
    const { statusCode, body } = await makeIssueToken({ ...services, ...ports })(event)
    if (statusCode !== 201) throw new Error(`no token was issued: ${statusCode} ${body}`)
    const { id, token } = JSON.parse(body) as Issued
    return { id, token }
  }
}

const eventOf = (resource: string, body: object, pathParameters: object = {}) =>
  ({
    httpMethod: 'POST',
    path: resource,
    resource,
    pathParameters,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    isBase64Encoded: false,
    requestContext: { requestId: 'bench', authorizer: { consumerId: 'con_bench' } },
  }) as unknown as APIGatewayProxyEvent

/** Status of one call through the gateway. */
export type Caller = (path: string, token?: string) => Promise<number>

/** Calls over connections that are kept. */
export const callerOf = (origin: string, connections: number): { call: Caller; close(): void } => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const { hostname, port, pathname } = new URL(origin)
  const before = pathname.replace(/\/$/, '')
  const call: Caller = (path, token) =>
    new Promise((resolve, reject) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const outgoing = httpRequest({ hostname, port, path: before + path, agent, headers }, (incoming) => {
        incoming.on('error', reject)
        incoming.on('end', () => resolve(incoming.statusCode ?? 0))
        incoming.resume()
      })
      outgoing.on('error', reject)
      outgoing.end()
    })
  return { call, close: () => agent.destroy() }
}
