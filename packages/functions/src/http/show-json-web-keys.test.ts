import { idFrom, Redacted } from '@countersign/core/shared'
import * as SigningKey from '@countersign/core/signing-key/module'
import * as Signing from '@countersign/core/signing-key/signing'
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import { make } from './show-json-web-keys.ts'

const ASKED = {
  httpMethod: 'GET',
  resource: '/.well-known/jwks.json',
  path: '/.well-known/jwks.json',
  headers: {},
  body: null,
  requestContext: { requestId: 'one' },
} as unknown as APIGatewayProxyEvent

const bytes = (count: number) => Uint8Array.from({ length: count }, (_, index) => (index * 53 + 7) % 256)

const begin = async (ringRefreshSeconds = 60) => {
  const state = { now: Date.parse('2026-03-01T12:00:00Z'), reads: 0, broken: false }
  const material = await Signing.newKeyMaterial('EdDSA', bytes)
  const key = { kid: idFrom('key', bytes(16)), ...material, createdAt: 0, signsFrom: 0 }
  let text = SigningKey.writeRing({ keys: [key] })
  const route = make({
    keyRing: {
      current: async () => {
        state.reads += 1
        if (state.broken) throw new Error('the store is away')
        return { versionId: 'v', text }
      },
    } as never,
    sealKeys: { current: async () => undefined } as never,
    newId: (kind) => idFrom(kind, bytes(16)),
    clock: () => new Date(state.now),
    log: () => {},
    settings: { issuer: 'i', ringRefreshSeconds },
  })
  const ask = async () => {
    const { statusCode, headers, body } = await route(ASKED)
    return { statusCode, headers, keys: (JSON.parse(body) as { readonly keys?: object[] }).keys }
  }
  const empty = () => {
    text = new Redacted('{"version":1,"keys":[]}')
  }
  return { state, ask, empty }
}

describe('the public keys', () => {
  it('are read from the ring at most once in ten seconds, however many ask', async () => {
    const { state, ask, empty } = await begin()
    await Promise.all(Array.from({ length: 50 }, ask))
    expect(state.reads).toBe(1)
    empty()
    state.now += 9_999
    expect((await ask()).keys).toHaveLength(1)
    state.now += 1
    expect((await ask()).keys).toHaveLength(0)
    expect(state.reads).toBe(2)
  })

  it('are never older, here and in a cache together, than the two refreshes before a key signs', async () => {
    for (const refresh of [1, 5, 60, 3_600]) {
      const { state, ask, empty } = await begin(refresh)
      const { headers } = await ask()
      const kept = Number(/^public, max-age=(\d+)$/.exec(String(headers?.['cache-control']))?.[1])
      empty()
      state.now += (2 * refresh - kept) * 1_000
      expect((await ask()).keys).toHaveLength(0)
    }
  })

  it('are read again after a failure, which is said and not kept', async () => {
    const { state, ask } = await begin()
    state.broken = true
    expect((await ask()).statusCode).toBe(500)
    state.broken = false
    expect(await ask()).toMatchObject({ statusCode: 200, keys: [{ alg: 'EdDSA' }] })
  })

  it('are read again when the clock was set back', async () => {
    const { state, ask } = await begin()
    await ask()
    state.now -= 3_600_000
    await ask()
    expect(state.reads).toBe(2)
  })
})
