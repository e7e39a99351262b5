import type { Client } from '@countersign/client'
import { done } from '../support/world.ts'

export const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Things', version: '1' },
  paths: { '/things': { get: { responses: { '200': { description: 'things' } } } } },
}

export const coordinatesOf = (gatewayId: string) => ({
  accountId: '111111111111',
  region: 'eu-west-2',
  gatewayId,
  stage: 'v1',
})

export interface Issued {
  readonly id: string
  readonly presented: string
}

/** A consumer's id. */
export const givenConsumer = async (client: Client, name = 'billing'): Promise<string> =>
  done(await client.consumers.register({ name, type: 'service', owner: 'payments' })).id

/** An API whose one route, `GET /things`, tokens open, at `/{gatewayId}/v1`. */
export const givenApi = async (client: Client, name = 'things', gatewayId = 'abc'): Promise<void> => {
  done(await client.apis.publish(name, { owner: 'team', openapi: DOCUMENT, authorization: 'token' }))
  done(await client.apis.deploy(name, 'staging', coordinatesOf(gatewayId)))
}

/** A token for `GET /things` of an API. */
export const givenToken = async (
  client: Client,
  consumer: string,
  { expiresIn = '1d', api = 'things' } = {},
): Promise<Issued> => {
  const grants = [{ api, environment: 'staging', routes: ['GET /things'] }]
  const { id, token } = done(await client.tokens.issue({ consumer, grants, expiresIn }))
  if (token === undefined) throw new Error('the token was not shown')
  return { id, presented: token }
}
