import { Session } from '@countersign/core/session'
import { err, Redacted } from '@countersign/core/shared'
import { identities } from '@countersign/functions/runtime/identity/identities'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type IdentityProvider, type Signing, startIdentityProvider } from '../support/identity-provider.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

/** What the platform knows of a provider's keys, by its own clock. */
describe('the keys that an identity provider publishes', () => {
  let provider: IdentityProvider
  let verify: (signing?: Signing) => Promise<unknown>

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 23, 12) })
    provider = await startIdentityProvider()
    const configuration = Session.SignInSchema.parse({
      providers: [
        {
          ...{ name: 'id', issuers: [provider.issuer], jwksUrl: provider.jwksUrl, clientIds: ['us'] },
          groups: { from: 'claim', claim: 'roles' },
        },
      ],
    })
    const [trusted] = configuration.providers
    const known = identities({
      configuration: () => configuration,
      clock: () => new Date(),
      serviceAccount: () => Promise.reject(new Error('nobody asks a directory')),
    })
    verify = async (signing) => {
      const token = new Redacted(await provider.idToken({ sub: 'ada' }, signing))
      if (!trusted) throw new Error('one provider is trusted')
      const verified = await known.verify(token, trusted)
      return verified.ok || verified
    }
  })
  afterEach(async () => {
    vi.useRealTimers()
    await provider.close()
  })

  const later = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds)
  const several = (signing?: Signing) => Promise.all(Array.from({ length: 20 }, () => verify(signing)))

  it('are fetched once, however many tokens come at once', async () => {
    expect(new Set(await several())).toEqual(new Set([true]))
    expect(await verify({ algorithm: 'ES256' })).toBe(true)
    expect(provider.asked()).toBe(1)
  })

  it('are fetched again for a kid that nobody knows, and not before half a minute is over', async () => {
    const unknown = err('id_token_signature_invalid')
    await verify()
    for (const one of await several({ kid: 'invented' })) expect(one).toEqual(unknown)
    expect(provider.asked()).toBe(1)
    later(30 * SECOND)
    for (const one of await several({ kid: 'invented' })) expect(one).toEqual(unknown)
    expect(provider.asked()).toBe(2)
    later(29 * SECOND)
    await several({ kid: 'another' })
    expect(provider.asked()).toBe(2)
  })

  it('are not fetched again for a signature that is not good', async () => {
    await verify()
    later(MINUTE)
    expect(await verify({ stranger: true })).toEqual(err('id_token_signature_invalid'))
    expect(provider.asked()).toBe(1)
  })

  it('are kept for ten minutes while the provider is down, and then nobody is believed', async () => {
    await verify()
    provider.answers(false)
    later(10 * MINUTE - 1)
    expect(await verify()).toBe(true)
    later(1)
    await expect(verify()).rejects.toThrow()
    provider.answers(true)
    expect(await verify()).toBe(true)
  })
})
