import { afterAll, describe, expect, it } from 'vitest'
import { done, openWorld } from '../support/world.ts'

const PRIVATE = ['d', 'k', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'priv', 'seed', 'secret']

describe('a rotation to another algorithm', async () => {
  const world = await openWorld()
  afterAll(() => world.stop())
  const { signingKeys } = world.client

  const published = async () => {
    const answer = await fetch(`${world.api}/.well-known/jwks.json`)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/jwk-set+json'])
    return (await answer.json()) as { readonly keys: readonly Readonly<Record<string, string>>[] }
  }
  const listed = async (kid: string) => done(await signingKeys.list()).items.find((key) => key.kid === kid)

  it.each([
    ['EdDSA', { kty: 'OKP', crv: 'Ed25519', x: expect.stringMatching(/^[\w-]{43}$/) }],
    ['ES256', { kty: 'EC', crv: 'P-256', x: expect.any(String), y: expect.stringMatching(/^[\w-]{43}$/) }],
  ])('shows the public half of a key of %s to anybody before it signs', async (algorithm, members) => {
    const { kid } = done(await signingKeys.rotate({ algorithm }))
    expect(await listed(kid)).toMatchObject({ algorithm })
    const found = await expect
      .poll(async () => (await published()).keys.find((key) => key.kid === kid), { timeout: 30_000 })
      .toBeDefined()
      .then(published)
    const shown = found.keys.find((key) => key.kid === kid)
    expect(shown).toEqual({ kid, alg: algorithm, use: 'sig', ...members })
  })

  it('shows nothing of a key that has but one half, and no private half', async () => {
    const { kid } = done(await signingKeys.rotate({ algorithm: 'HS512' }))
    expect(await listed(kid)).toMatchObject({ algorithm: 'HS512' })
    const { keys } = await published()
    expect(keys.map((key) => key.kid)).not.toContain(kid)
    expect(keys.map(({ alg }) => alg)).not.toContain('HS512')
    for (const key of keys) expect(PRIVATE.filter((member) => member in key)).toEqual([])
    expect(done(await signingKeys.jsonWebKeys()).keys.length).toBeGreaterThanOrEqual(2)
  })
})
