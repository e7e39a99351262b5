import * as Access from '@countersign/core/access/module'
import { Redacted, type Row } from '@countersign/core/shared'
import * as SigningKey from '@countersign/core/signing-key/module'
import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { consumerVerifier } from './consumer-keys.ts'

const NOW = new Date(1_800_000_000_000)
const SECRET = Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 37 + 11) % 256))

const keyOf = (name: string) =>
  ({
    kid: `key_${name}`,
    algorithm: 'HS512',
    secret: new Redacted(SECRET.toString('base64url')),
    createdAt: 0,
    signsFrom: 0,
  }) as const

const rowOf = (kids: readonly string[]): Row => ({
  registers: { keys: { rank: 1, value: { accepted: kids.map((kid) => ({ kid })) } } },
})

/** What is accepted and what is in the ring can be changed; every look is counted. */
const setUp = () => {
  const state = { accepted: ['con_1.key_a'], ring: ['a'], rowReads: 0, ringReads: 0 }
  const verify = consumerVerifier({
    accessRows: {
      read: async (keys) => {
        state.rowReads++
        return new Map(
          keys.flatMap((key) =>
            key === Access.consumerRowKey('con_1') ? [[key, rowOf(state.accepted)] as const] : [],
          ),
        )
      },
    },
    consumerKeyRings: () => ({
      current: async () => {
        state.ringReads++
        return { versionId: '1', text: SigningKey.writeRing({ keys: state.ring.map(keyOf) }) }
      },
    }),
  })
  const ask = async (kid: string, milliseconds = 0, consumer = 'con_1' as const) => {
    const signed = await new SignJWT({}).setProtectedHeader({ alg: 'HS512', typ: 'JWT', kid }).sign(SECRET)
    const verified = await verify(new Redacted(signed), consumer, kid, new Date(NOW.getTime() + milliseconds))
    return verified.ok ? 'ok' : verified.error
  }
  return { state, ask }
}

describe("the verifier of consumers' own tokens", () => {
  it('reads a ring once, and nothing at all for a consumer it knows', async () => {
    const { state, ask } = setUp()
    expect(await ask('con_1.key_a')).toBe('ok')
    expect(await ask('con_1.key_a', 86_400_000)).toBe('ok')
    expect(state).toMatchObject({ rowReads: 1, ringReads: 1 })
  })

  it('never asks the store of secrets for a kid that the read model does not accept', async () => {
    const { state, ask } = setUp()
    expect(await ask('con_1.key_b')).toBe('kid_unknown')
    expect(await ask('con_1.key_a')).toBe('ok')
    expect(await ask('con_1.key_b')).toBe('kid_unknown')
    expect(state).toMatchObject({ rowReads: 3, ringReads: 1 })
  })

  it('knows a new key at its first token', async () => {
    const { state, ask } = setUp()
    expect(await ask('con_1.key_a')).toBe('ok')
    state.accepted.push('con_1.key_b')
    state.ring.push('b')
    expect(await ask('con_1.key_b', 1)).toBe('ok')
    expect(state.ringReads).toBe(2)
  })

  it('looks for an accepted key that is not there once in ten seconds', async () => {
    const { state, ask } = setUp()
    state.accepted.push('con_1.key_b')
    expect(await ask('con_1.key_b')).toBe('kid_unknown')
    expect(await ask('con_1.key_b', 9_999)).toBe('kid_unknown')
    expect(state.ringReads).toBe(1)
    expect(await ask('con_1.key_b', 10_000)).toBe('kid_unknown')
    expect(state.ringReads).toBe(2)
  })
})
