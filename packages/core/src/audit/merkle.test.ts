import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leafHash, pathOf, rootFrom, rootOf } from './merkle.ts'

const sha256 = (...parts: readonly Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest()

/** An independent reference: level by level from below, as a tree is drawn; a lone node moves up as it is. */
const levelsOf = (entries: readonly Uint8Array[]): readonly (readonly Buffer[])[] => {
  const levels: Buffer[][] = [entries.map((entry) => sha256(Buffer.from([0]), entry))]
  for (let level = levels[0] ?? []; level.length > 1; level = levels.at(-1) ?? []) {
    const above: Buffer[] = []
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = [level[at], level[at + 1]]
      if (left) above.push(right ? sha256(Buffer.from([1]), left, right) : left)
    }
    levels.push(above)
  }
  return levels
}

const referencePath = (entries: readonly Uint8Array[], index: number): readonly Buffer[] =>
  levelsOf(entries).flatMap((level, height) => level[(index >> height) ^ 1] ?? [])

const entriesOf = (size: number) => Array.from({ length: size }, (_, index) => Buffer.from(`event ${index}`))
const hex = (hashes: readonly Uint8Array[]) => hashes.map((hash) => Buffer.from(hash).toString('hex'))

describe('the tree over the events of a day', () => {
  /** The inputs of the reference implementation of Certificate Transparency, and its roots of 0, 1, 2, 3, 5 and 8 leaves. */
  const INPUTS = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ]
  it.each([
    [0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
    [2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
    [3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
    [5, '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
    [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
  ])('of %i entries has the published root', (size, root) => {
    const leaves = INPUTS.slice(0, size).map((text) => leafHash(Buffer.from(text, 'hex')))
    expect(rootOf(leaves).toString('hex')).toBe(root)
  })

  it('has the root and the paths of a tree that is built from below, for every leaf of every size', () => {
    for (let size = 1; size <= 70; size++) {
      const entries = entriesOf(size)
      const leaves = entries.map(leafHash)
      const [root] = levelsOf(entries).at(-1) ?? []
      expect(rootOf(leaves)).toEqual(root)
      for (const [index, leaf] of leaves.entries()) {
        const path = pathOf(leaves, index)
        expect(hex(path)).toEqual(hex(referencePath(entries, index)))
        expect(rootFrom(leaf, index, size, path)).toEqual(root)
      }
    }
  })

  it('has the root of any entries', () => {
    const entries = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(entries, (any) => {
        expect(rootOf(any.map(leafHash))).toEqual(levelsOf(any).at(-1)?.[0])
      }),
    )
  })

  it('leads nowhere with a bit of a hash, a step or the place changed', () => {
    const changed = (bytes: Uint8Array, bit: number) =>
      Buffer.from(bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)))
    for (const size of [1, 2, 3, 7, 13]) {
      const leaves = entriesOf(size).map(leafHash)
      const root = rootOf(leaves)
      const leads = (...proof: Parameters<typeof rootFrom>) => rootFrom(...proof)?.equals(root) ?? false
      const wrong = leaves.flatMap((leaf, index) => {
        const path = pathOf(leaves, index)
        const bits = Array.from({ length: 64 }, (_, turn) => turn * 4 + (turn % 4))
        return [
          ...bits.map((bit) => [changed(leaf, bit), index, size, path] as const),
          ...bits.flatMap((bit) =>
            path.map((hash, at) => [leaf, index, size, path.with(at, changed(hash, bit))] as const),
          ),
          ...path.map((_, at) => [leaf, index, size, path.toSpliced(at, 1)] as const),
          [leaf, index, size, [...path, leaf]] as const,
          ...[-1, ...leaves.keys(), size].flatMap((other) =>
            other === index ? [] : [[leaf, other, size, path] as const],
          ),
        ]
      })
      expect(wrong.length).toBeGreaterThan(64)
      expect(wrong.filter((proof) => leads(...proof))).toEqual([])
    }
  })

  it('leads nowhere at all by a path of another length', () => {
    for (const size of [1, 2, 3, 7, 13]) {
      const leaves = entriesOf(size).map(leafHash)
      for (const [index, leaf] of leaves.entries()) {
        const path = pathOf(leaves, index)
        expect(rootFrom(leaf, index, size, [...path, leaf])).toBeUndefined()
        if (path.length > 0) expect(rootFrom(leaf, index, size, path.slice(1))).toBeUndefined()
      }
    }
  })

  it('takes no node for an entry', () => {
    const leaves = entriesOf(4).map(leafHash)
    const [left, right] = [rootOf(leaves.slice(0, 2)), rootOf(leaves.slice(2))]
    expect(rootOf([left, right])).toEqual(rootOf(leaves)) // the hash alone does not say that it is a node's
    const entry = Buffer.concat([left, right])
    expect(rootOf([leafHash(entry)])).not.toEqual(rootOf(leaves))
  })
})
