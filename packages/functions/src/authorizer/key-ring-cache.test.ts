import { Redacted } from '@countersign/core/shared'
import * as SigningKey from '@countersign/core/signing-key/module'
import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { cachedVerifier } from './key-ring-cache.ts'

const NOW = 1_800_000_000_000
const SECRET = Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 37 + 11) % 256))

const keyOf = (name: string) =>
  ({
    kid: `key_${name}`,
    algorithm: 'HS512',
    secret: new Redacted(SECRET.toString('base64url')),
    createdAt: 0,
    signsFrom: 0,
  }) as const

/** The ring can be changed, and made unreadable; every look is counted. */
const setUp = () => {
  const state = { ring: ['a'], broken: false, reads: 0 }
  const current = async () => {
    state.reads++
    if (state.broken) throw new Error('the ring cannot be read')
    return { versionId: '1', text: SigningKey.writeRing({ keys: state.ring.map(keyOf) }) }
  }
  const verify = cachedVerifier({ current }, 3_600)
  const ask = async (kid: string, milliseconds = 0) => {
    const signed = await new SignJWT({}).setProtectedHeader({ alg: 'HS512', typ: 'JWT', kid }).sign(SECRET)
    const verified = await verify(new Redacted(signed), new Date(NOW + milliseconds))
    return verified.ok ? 'ok' : verified.error
  }
  return { state, ask }
}

describe('the verifier with the ring as it was read last', () => {
  it('looks again for a kid that nobody knows, once in ten seconds', async () => {
    const { state, ask } = setUp()
    expect(await ask('key_a')).toBe('ok')
    state.ring.push('b')
    expect(await ask('key_b', 1)).toBe('ok')
    expect(await ask('key_c', 2)).toBe('kid_unknown')
    state.ring.push('c')
    expect(await ask('key_c', 10_000)).toBe('kid_unknown')
    expect(state.reads).toBe(2)
    expect(await ask('key_c', 10_001)).toBe('ok')
    expect(state.reads).toBe(3)
  })

  it('refuses nobody because of a look that failed, and still looks once in ten seconds', async () => {
    const { state, ask } = setUp()
    expect(await ask('key_a')).toBe('ok')
    state.ring.push('b')
    state.broken = true
    await expect(ask('key_b', 1)).rejects.toThrow('cannot be read')
    await expect(ask('key_b', 9_999)).rejects.toThrow('cannot be read')
    expect(await ask('key_a', 9_999)).toBe('ok')
    expect(state.reads).toBe(2)
    state.broken = false
    expect(await ask('key_b', 10_001)).toBe('ok')
  })
})
