import { describe, expect, it } from 'vitest'
import type { Connector } from './connected.ts'
import { keyRing } from './connectors/key-rings.ts'
import { ledger } from './connectors/ledger.ts'
import { settings } from './connectors/settings.ts'
import { lambda } from './lambda.ts'
import type { Services, Settings } from './services.ts'

const make = (services: Pick<Services, 'settings' | 'newId' | 'log' | 'pause'>) => async (asked: string) => ({
  asked,
  issuer: services.settings.issuer,
  given: Object.keys(services).toSorted((a, b) => a.localeCompare(b)),
})

const FIXED: Settings = { issuer: 'urn:test', ringRefreshSeconds: 60 }

/** A connector that says what it was asked for. */
const counted = () => {
  const told: string[] = []
  const connector: Connector<Settings> = async () => {
    told.push('loaded')
    return () => {
      told.push('made')
      return FIXED
    }
  }
  return { told, connector }
}

describe('a Lambda entry point', () => {
  it('gives its handler the ports that it names, and what every process has', async () => {
    const { connector } = counted()
    const answer = await lambda(make, { settings: connector })('a')
    expect(answer).toEqual({
      asked: 'a',
      issuer: 'urn:test',
      given: ['clock', 'log', 'newId', 'pause', 'randomBytes', 'settings'],
    })
  })

  it('loads an adapter on the first invocation, and once', async () => {
    const { told, connector } = counted()
    const handler = lambda(make, { settings: connector })
    expect(told).toEqual([])
    await handler('a')
    await handler('b')
    expect(told).toEqual(['loaded', 'made'])
  })

  it('names all that its handler needs, and nothing else, or does not compile', () => {
    // @ts-expect-error a connector is missing
    lambda(make, {})
    // @ts-expect-error one is too many
    lambda(make, { settings, ledger })
    // @ts-expect-error it is another port's
    lambda(make, { settings: keyRing })
    expect(lambda(make, { settings })).toBeTypeOf('function')
  })
})
