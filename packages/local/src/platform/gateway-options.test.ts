import { describe, expect, it } from 'vitest'
import { StartFailure } from './failure.ts'
import { gatewaysIn } from './gateway-options.ts'

describe('the options that describe gateways', () => {
  it('describe each place once, whatever is said of it', () => {
    const described = gatewaysIn({
      shape: ['abc123/staging=rest-token', 'def456=http-simple', 'ghi789/$default=http-iam'],
      domain: ['api.example.org/v1=abc123/staging', 'other.example.org=abc123/staging'],
      cors: ['abc123/staging=https://app.example.org'],
    })
    expect(described).toEqual([
      {
        gatewayId: 'abc123',
        stage: 'staging',
        shape: 'rest-token',
        cors: expect.objectContaining({ allowOrigins: ['https://app.example.org'] }),
        domains: [{ host: 'api.example.org', basePath: '/v1' }, { host: 'other.example.org' }],
      },
      { gatewayId: 'def456', shape: 'http-simple' },
      { gatewayId: 'ghi789', stage: '$default', shape: 'http-iam' },
    ])
    expect(gatewaysIn({})).toEqual([])
  })

  it.each([
    { shape: ['abc123/staging=rest'] },
    { shape: ['abc123'] },
    { shape: ['ABC/staging=rest-token'] },
    { domain: ['api.example.org=abc123'] },
    { domain: ['abc123/staging'] },
    { cors: ['abc123/staging='] },
  ])('are refused when they say %j', (flags) => {
    expect(() => gatewaysIn(flags)).toThrow(StartFailure)
  })
})
