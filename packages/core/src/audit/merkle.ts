import { createHash } from 'node:crypto'

/** RFC 9162 §2.1.1: a leaf and a node never hash alike, so that no node passes for an entry. */
const LEAF = Buffer.from([0])
const NODE = Buffer.from([1])

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** Hash of an entry. */
export const leafHash = (entry: Uint8Array): Buffer => sha256(LEAF, entry)

const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer => sha256(NODE, left, right)

/** The largest power of two smaller than the size. */
const splitOf = (size: number): number => 2 ** Math.ceil(Math.log2(size) - 1)

/** The root over leaves that are hashed already; of none, the hash of nothing (RFC 9162 §2.1.1). */
export const rootOf = (leaves: readonly Uint8Array[]): Buffer => {
  const [only] = leaves
  if (!only) return sha256()
  if (leaves.length === 1) return Buffer.from(only)
  const split = splitOf(leaves.length)
  return nodeHash(rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)))
}

/** The hashes beside the way from a leaf to the root, the lowest first (RFC 9162 §2.1.3.1). */
export const pathOf = (leaves: readonly Uint8Array[], index: number): readonly Buffer[] => {
  if (leaves.length < 2) return []
  const split = splitOf(leaves.length)
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return index < split
    ? [...pathOf(left, index), rootOf(right)]
    : [...pathOf(right, index - split), rootOf(left)]
}

/** The root that a leaf and its path lead to in a tree of this size; undefined where the path is not of its length (RFC 9162 §2.1.3.2). */
export const rootFrom = (
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): Buffer | undefined => {
  if (index < 0 || index >= size) return undefined
  let [at, last] = [index, size - 1]
  let root: Buffer = Buffer.from(leaf)
  for (const beside of path) {
    if (last === 0) return undefined
    if (at % 2 === 1 || at === last) {
      root = nodeHash(beside, root)
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)]
    } else root = nodeHash(root, beside)
    ;[at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
  }
  return last === 0 ? root : undefined
}
