import { describe, expect, it } from 'vitest'
import { HUB_SOURCE, hubEvents } from './hub.ts'

const published = {
  publicationId: 'pub-1',
  name: 'orders',
  owner: 'team-orders',
  openapi: { openapi: '3.1.0', paths: {} },
}
const deployment = {
  ...{
    environment: 'staging',
    accountId: '111111111111',
    region: 'eu-west-2',
    gatewayId: 'abc',
    stage: 'live',
  },
}
const takes = (over: object) =>
  hubEvents['api-hub.api-published'].safeParse({ ...published, ...over }).success

describe('what the API Hub publishes', () => {
  it('comes from a source of its own', () => {
    expect(HUB_SOURCE).toBe('api-hub')
    expect(Object.keys(hubEvents)).toEqual(['api-hub.api-published', 'api-hub.api-withdrawn'])
  })

  it('is an API with its document, and is deployed nowhere unless it says so', () => {
    expect(hubEvents['api-hub.api-published'].parse(published)).toEqual({ ...published, deployments: [] })
  })

  it.for([
    { openapi: 'openapi: 3.1.0' },
    { description: 'x'.repeat(2_000) },
    { publicationId: 'p'.repeat(128) },
    { deployments: [deployment, { ...deployment, authorizerCacheTtlSeconds: 3_600 }] },
  ])('may say %j', (over) => {
    expect(takes(over)).toBe(true)
  })

  it.for([
    { openapi: '' },
    { openapi: ['openapi: 3.1.0'] },
    { openapi: undefined },
    { owner: '' },
    { name: 'a name' },
    { publicationId: '' },
    { publicationId: 'p'.repeat(129) },
    { description: 'x'.repeat(2_001) },
    { deployments: [{ ...deployment, authorizerCacheTtlSeconds: 3_601 }] },
    { deployments: [{ ...deployment, authorizerCacheTtlSeconds: -1 }] },
    { deployments: [{ ...deployment, environment: undefined }] },
    { deployments: [{ ...deployment, stage: 'a/b' }] },
    { autorization: 'token' },
  ])('may not say %j', (over) => {
    expect(takes(over)).toBe(false)
  })

  it('is withdrawn by its name, and by nothing besides', () => {
    const Withdrawn = hubEvents['api-hub.api-withdrawn']
    expect(Withdrawn.safeParse({ publicationId: 'pub-2', name: 'orders' }).success).toBe(true)
    for (const over of [
      { publicationId: '' },
      { publicationId: 'p'.repeat(129) },
      { name: '' },
      { owner: 'x' },
    ])
      expect(Withdrawn.safeParse({ publicationId: 'pub-2', name: 'orders', ...over }).success).toBe(false)
  })
})
