import { describe, expect, it } from 'vitest'
import type { Deployment } from './api.ts'
import { callerAccountOf, callerNameOf, livesIn } from './authorizer-callers.ts'

const at = (accountId: string, region: string): Deployment => ({
  environment: 'staging',
  coordinates: { accountId, region, gatewayId: 'abc123', stage: 'v1' },
  generation: 1,
  authorizerCacheTtlSeconds: 0,
})
const OURS = { accountId: '111111111111', region: 'eu-west-2' }

describe('the account that calls the authorizer', () => {
  it('is an account in a region, and nothing else of where an API lives', () => {
    expect(callerAccountOf(at('111111111111', 'eu-west-2').coordinates)).toEqual(OURS)
    expect(callerNameOf(OURS)).toBe('eu-west-2-111111111111')
  })

  it('is where a registered API lives today', () => {
    const elsewhere = at('222222222222', 'eu-west-2')
    const deployments = [elsewhere, at('111111111111', 'eu-west-2')]
    expect(livesIn({ status: 'registered', deployments }, OURS)).toBe(true)
    expect(livesIn({ status: 'deregistered', deployments }, OURS)).toBe(false)
    for (const others of [[], [elsewhere], [at('111111111111', 'us-east-1')]])
      expect(livesIn({ status: 'registered', deployments: others }, OURS)).toBe(false)
  })
})
