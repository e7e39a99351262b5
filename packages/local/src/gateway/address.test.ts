import { describe, expect, it } from 'vitest'
import { addressReader } from './address.ts'
import { setupReader } from './setup.ts'

const DEPLOYED = ['abc123/staging', 'abc123/production', 'def456/$default', 'def456/v2']
const read = addressReader(
  [
    { gatewayId: 'abc123', stage: 'staging', domains: [{ host: 'API.example.org', basePath: 'v1' }] },
    {
      gatewayId: 'abc123',
      stage: 'production',
      domains: [{ host: 'api.example.org', basePath: '/v1/live/' }],
    },
    { gatewayId: 'def456', domains: [{ host: 'whole.example.org' }] },
  ],
  (gatewayId, stage) => DEPLOYED.includes(`${gatewayId}/${stage}`),
)

const placed = (url: string, host?: string) => {
  const address = read(url, host)
  if (typeof address !== 'object') return address
  return `${address.gatewayId} ${address.stage} ${address.path}${address.query && ` ? ${address.query}`}`
}

describe('where a URL leads', () => {
  it.each([
    ['/abc123/staging/things/7?a=1', undefined, 'abc123 staging /things/7 ? a=1'],
    ['/abc123/staging', undefined, 'abc123 staging /'],
    ['/abc123/nowhere/x', undefined, 'abc123 nowhere /x'],
    ['/abc123', undefined, undefined],
    ['/', undefined, undefined],
    ['/ABC/staging/x', undefined, undefined],
    ['/def456/things/7', undefined, 'def456 $default /things/7'],
    ['/def456/', undefined, 'def456 $default /'],
    ['/def456', undefined, 'def456 $default /'],
    ['/def456/v2/things/7', undefined, 'def456 v2 /things/7'],
    ['/def456/$default/things/7', undefined, 'def456 $default /$default/things/7'],
    ['/def456//things', undefined, 'def456 $default //things'],
    ['/def456/%76%32/x', undefined, 'def456 $default /%76%32/x'],
    ['/staging/things/7', 'abc123.execute-api.eu-west-2.amazonaws.com', 'abc123 staging /things/7'],
    ['/things/7', 'def456.execute-api.localhost:8788', 'def456 $default /things/7'],
    ['/v1/things/7', 'api.example.org:8788', 'abc123 staging /things/7'],
    ['/v1', 'Api.Example.org', 'abc123 staging /'],
    ['/v1/live/things', 'api.example.org', 'abc123 production /things'],
    ['/v1/lively/things', 'api.example.org', 'abc123 staging /lively/things'],
    ['/v12/things', 'api.example.org', 'not-mapped'],
    ['/abc123/staging/things', 'api.example.org', 'not-mapped'],
    ['/things/7', 'whole.example.org', 'def456 $default /things/7'],
    ['/abc123/staging/x', 'evil.api.example.org', 'abc123 staging /x'],
  ])('%s with the host %s is %s', (url, host, expected) => {
    expect(placed(url, host)).toBe(expected)
  })

  it('keeps the path of the wire beside that of the API, for signatures', () => {
    expect(read('/v1/things/a%20b?q', 'api.example.org')).toMatchObject({
      wirePath: '/v1/things/a%20b',
      path: '/things/a%20b',
      domain: 'api.example.org',
    })
  })
})

describe('how a gateway is set up', () => {
  const setupOf = setupReader([
    { gatewayId: 'abc123', stage: 'live', shape: 'rest-token' },
    { gatewayId: 'abc123', shape: 'http-simple', identitySources: ['$request.header.X'] },
  ])

  it('is a REST API that asks a REQUEST authorizer unless something was said', () => {
    expect(setupOf('zzz999', 'staging')).toEqual({
      shape: 'rest-request',
      identitySources: ['method.request.header.Authorization'],
    })
  })

  it('is an HTTP API at the stage that only HTTP APIs have', () => {
    expect(setupOf('zzz999', '$default')).toEqual({
      shape: 'http-iam',
      identitySources: ['$request.header.Authorization'],
    })
  })

  it('is what was said of the stage before what was said of all', () => {
    expect(setupOf('abc123', 'other')).toMatchObject({ shape: 'http-simple' })
    expect(setupOf('abc123', 'live')).toMatchObject({ shape: 'rest-token' })
  })
})
