import { randomUUID } from 'node:crypto'
import type { SubscriptionName } from '@countersign/topology'
import { consumer, publish, SHOW, selfSigning } from '../acceptance/given.ts'
import { done } from '../support/world.ts'
import { eventually } from './eventually.ts'
import { hasten } from './levers.ts'
import type { EmulatorWorld } from './world.ts'

/** Beside the APIs of the story, so that both can be told in one world. */
const HOUSING = { accountId: '111111111111', region: 'eu-west-2', gatewayId: 'ghi789', stage: 'staging' }
const MOST_ASKED = 6
const PATH = '/ghi789/staging/api/v1/tenancies/7'

export interface Issued {
  readonly id: string
  readonly token: string
}

export type Housed = Awaited<ReturnType<typeof housing>>

/** An API of another team behind the authorizer, and a consumer of it. */
export const housing = async (world: EmulatorWorld) => {
  const { client } = world
  await hasten(world, 'ProjectAccess')
  await world.attach(HOUSING.gatewayId)
  await publish(client, 'housing', { document: DOCUMENT, at: HOUSING })
  const { id: holder } = await consumer(client, 'Housing service')
  const ask = (idempotencyKey: string = randomUUID()) => {
    const grants = [{ api: 'housing', environment: HOUSING.stage, routes: [SHOW] }]
    return client.tokens.issue({ consumer: holder, grants, expiresIn: '1d' }, { idempotencyKey })
  }
  /** As a caller does who was told of a failure on the other side: again, under the same key. */
  const askAgain = async (key = randomUUID(), left = MOST_ASKED): ReturnType<typeof ask> => {
    const answer = await ask(key)
    return answer.ok || left <= 1 ? answer : askAgain(key, left - 1)
  }
  const held = ({ id, token }: { readonly id: string; readonly token?: string }): Issued => {
    if (token === undefined) throw new Error('the token waits for approval')
    return { id, token }
  }
  const issue = async (): Promise<Issued> => held(done(await ask()))
  const issueAgain = async (): Promise<Issued> => held(done(await askAgain()))
  /** It signs its own tokens for the same route. */
  const signer = async () => {
    const made = await selfSigning(world)
    const grants = [{ api: 'housing', environment: HOUSING.stage, routes: [SHOW] }]
    done(await client.consumers.changeGrants(made.id, grants))
    return made
  }
  const statusWith = async (token: string) => (await world.call({ path: PATH, token })).status
  const statusOnce = async (token: string) => (await world.callOnce({ path: PATH, token })).status
  const opens = (token: string) =>
    eventually('the token opens', async () => (await statusWith(token)) === 200)
  /** Dead letters, of the projector unless another is named. */
  const dead = async (subscription: SubscriptionName = 'ProjectAccess') =>
    done(await client.pipeline.status()).subscriptions.find(({ name }) => name === subscription)?.dead
  return { ask, issue, issueAgain, signer, statusWith, statusOnce, opens, dead }
}

/** What an HTTP API with payload 2.0 would ask at the same coordinates. */
export const questionWith = (token: string): object => {
  const { accountId, region, gatewayId, stage } = HOUSING
  const path = PATH.slice(`/${gatewayId}/${stage}`.length)
  return {
    version: '2.0',
    type: 'REQUEST',
    routeArn: `arn:aws:execute-api:${region}:${accountId}:${gatewayId}/${stage}/GET${path}`,
    identitySource: [`Bearer ${token}`],
    routeKey: SHOW,
    rawPath: `/${stage}${path}`,
    rawQueryString: '',
    headers: { authorization: `Bearer ${token}` },
    requestContext: {
      accountId,
      apiId: gatewayId,
      stage,
      http: { method: 'GET', path: `/${stage}${path}`, protocol: 'HTTP/1.1', sourceIp: '203.0.113.7' },
    },
  }
}

const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Housing', version: '1' },
  'x-countersign-authorization': 'token',
  paths: {
    '/api/v1/tenancies/{id}': {
      get: {
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        responses: { '200': { description: 'The tenancy' } },
      },
    },
  },
}
