import { type AnyWorld, done } from '../support/world.ts'
import { TENANCIES } from './given.ts'

/** Where the API lives whose routes API keys open; in a world on AWS it is made there. */
export const KEYED_AT = { ...TENANCIES, gatewayId: 'key123' }

export const GOLD = 'gold'

export const KEYED_API = {
  openapi: '3.1.0',
  info: { title: 'keyed', version: '1' },
  components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'x-api-key' } } },
  security: [{ key: [] }],
  paths: {
    '/things': { get: { responses: { 200: { description: 'things' } } } },
    '/things/{id}': { get: { responses: { 200: { description: 'a thing' } } } },
  },
}

/** `/{gatewayId}/{stage}/…` */
export const keyedPath = (path: string): string => `/${KEYED_AT.gatewayId}/${KEYED_AT.stage}${path}`

/** Publishes the API, and a plan that limits nothing. */
export const keyed = async ({ client, settled, attach }: AnyWorld): Promise<void> => {
  await attach(KEYED_AT.gatewayId, { keyPath: '/things' })
  const published = done(await client.apis.publish('keyed', { owner: 'o', openapi: KEYED_API }))
  if (published.routes.some(({ authorization }) => authorization !== 'api-key'))
    throw new Error('a route is not protected by API keys')
  done(await client.apis.deploy('keyed', 'staging', KEYED_AT))
  done(await client.usagePlans.put(GOLD, { api: 'keyed', environment: 'staging' }))
  await settled()
}
