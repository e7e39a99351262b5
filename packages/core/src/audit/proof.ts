import * as z from 'zod'
import { err, ok, type Result } from '../shared/result.ts'
import { digestBytes, isDigest, namedDigest } from './digest.ts'
import { pathOf, rootFrom } from './merkle.ts'
import { type Leaf, leafHashOf, SEAL_TYPE } from './seal.ts'
import { type PublishedKey, readStatement, type StatementRefusal } from './statement.ts'

const Digest = z.string().refine(isDigest, { error: 'not a digest' })

/** That an event was in the log when its day was sealed. It stands alone: nothing else is needed than the published keys. */
const ProofSchema = z.strictObject({
  version: z.literal(1),
  /** As the log tells it. */
  event: z.looseObject({ id: z.string(), type: z.string(), subject: z.string(), time: z.string() }),
  /** Which leaf it is, from 0. */
  index: z.int().min(0),
  /** Beside the way from the leaf to the root, the lowest first (RFC 9162 §2.1.3). */
  path: z.array(Digest).max(64),
  /** The signed seal. */
  seal: z.string(),
})

/** What a seal says, once its signature is good. */
const SealedSchema = z.looseObject({
  iss: z.string(),
  iat: z.int(),
  day: z.iso.date(),
  events: z.int().min(0),
  late: z.int().min(0),
  root: Digest,
  previous: z.union([z.literal(''), Digest]),
})

export type Proof = z.output<typeof ProofSchema>
export type SealClaims = z.output<typeof SealedSchema> & { readonly kid: string }

export type ProofRefusal = StatementRefusal | 'proof_malformed' | 'event_not_in_seal'

/** What a proof shows. */
export interface Proven {
  readonly event: Proof['event']
  readonly index: number
  readonly seal: SealClaims
}

/** Reads a seal with the published keys alone. */
export const readSeal = (
  seal: string,
  keys: readonly PublishedKey[],
): Result<SealClaims, StatementRefusal> => {
  const read = readStatement(seal, SEAL_TYPE, keys)
  if (!read.ok) return read
  const claims = SealedSchema.safeParse(read.value.payload)
  return claims.success ? ok({ ...claims.data, kid: read.value.kid }) : err('statement_malformed')
}

/** Of the leaves of a seal, in their order; undefined where the event is none of them. */
export const prove = (event: Proof['event'], leaves: readonly Leaf[], seal: string): Proof | undefined => {
  const hash = leafHashOf(event)
  const index = leaves.findIndex((leaf) => leaf.hash === hash)
  if (index < 0) return undefined
  const hashes = leaves.map((leaf) => digestBytes(leaf.hash))
  return { version: 1, event, index, path: pathOf(hashes, index).map(namedDigest), seal }
}

/** Checks a proof without asking anybody. */
export const readProof = (value: unknown, keys: readonly PublishedKey[]): Result<Proven, ProofRefusal> => {
  const proof = ProofSchema.safeParse(value)
  if (!proof.success) return err('proof_malformed')
  const { event, index, path, seal } = proof.data
  const read = readSeal(seal, keys)
  if (!read.ok) return read
  const leaf = digestBytes(leafHashOf(event))
  const root = rootFrom(leaf, index, read.value.events, path.map(digestBytes))
  if (!root || namedDigest(root) !== read.value.root) return err('event_not_in_seal')
  return ok({ event, index, seal: read.value })
}
