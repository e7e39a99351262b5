import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { digestBytes, isDigest, namedDigest } from './digest.ts'

const bytes = createHash('sha256').update('an event').digest()
const named = namedDigest(bytes)

describe('the name of a digest', () => {
  it('is one, and gives the bytes back', () => {
    expect(named).toMatch(/^sha-256:[\w-]{43}$/)
    expect(digestBytes(named)).toEqual(bytes)
    expect(isDigest(named)).toBe(true)
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no text', { length: named.length, slice: () => named }],
    ['a text of another kind', named.replace('sha-256', 'sha-512')],
    ['the bytes alone', named.slice('sha-256:'.length)],
    ['something before it', `x${named}`],
    ['something after it', `${named}A`],
    ['a line after it', `${named}\n`],
    ['one character less', named.slice(0, -1)],
    ['another spelling of its last bits', `${named.slice(0, -1)}${named.endsWith('8') ? '9' : 'B'}`],
    ['the other alphabet of base64', `${named.slice(0, -2)}+0`],
  ])('is not %s', (_, value) => {
    expect(isDigest(value)).toBe(false)
  })
})
