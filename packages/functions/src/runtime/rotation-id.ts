import { createHash } from 'node:crypto'
import type { Asked } from './command.ts'

/**
 * The ClientRequestToken of a rotation, in the form of a UUID. The same `Idempotency-Key` of the same caller gives the
 * same one, so that a rotation that died half-way is taken up again instead of begun anew.
 */
export const rotationIdOf = (
  { cause, idempotencyKey }: Asked,
  randomBytes: (count: number) => Uint8Array,
): string => {
  const bytes = idempotencyKey
    ? createHash('sha256').update(`${cause.actor}#${idempotencyKey}`).digest()
    : Buffer.from(randomBytes(16))
  return uuidOf(bytes)
}

/** Of the rotation that is rid of a key: whoever takes it up again goes on with the same one. */
export const riddingIdOf = (kid: string): string =>
  uuidOf(createHash('sha256').update(`rid of ${kid}`).digest())

/** The id that follows on one that cannot be used any more; always the same one. */
export const nextRotationId = (rotationId: string): string =>
  uuidOf(createHash('sha256').update(rotationId).digest())

const uuidOf = (bytes: Buffer): string => {
  const hex = bytes.subarray(0, 16).toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
