import { describe, expect, it } from 'vitest'
import { derivedFrom, digestOfValue, ROOT_SECRET_BYTES } from './derived.ts'
import { Redacted } from './redacted.ts'

const root = new Redacted(
  Buffer.from(Array.from({ length: ROOT_SECRET_BYTES }, (_, index) => index)).toString('base64url'),
)
const derived = (secret: Redacted<string>, name: string) => derivedFrom(secret, name).reveal().toString('hex')

describe('a derived secret', () => {
  it('is HMAC-SHA-256 of its name under the bytes of the root, today and after every release', () => {
    expect(derived(root, 'api-key#1')).toBe(
      '0e8bd022dfd8b49e8ca2b349fa022ba8c04f1649d1dedd1753b19f5a8203e30e',
    )
  })

  it('follows from its root and its name, and is another for any other', () => {
    const other = new Redacted(Buffer.alloc(ROOT_SECRET_BYTES).toString('base64url'))
    const all = [derived(root, 'a'), derived(root, 'b'), derived(other, 'a'), derived(other, 'b')]
    expect(new Set(all).size).toBe(all.length)
    expect(derived(root, 'a')).toBe(all[0])
  })

  it('is shown by nothing but reveal', () => {
    expect(`${derivedFrom(root, 'a')} ${JSON.stringify(derivedFrom(root, 'a'))}`).toBe(
      '[redacted] "[redacted]"',
    )
  })

  it('is known to the ledger by its SHA-256', () => {
    expect(digestOfValue(new Redacted('value'))).toBe('sha-256:zUJATVKtVcz6mspK3IKKpYAK2dOFoGcfvL9yQRgyBhk')
  })
})
