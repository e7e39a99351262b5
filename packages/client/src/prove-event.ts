import { Audit, type Proof } from '@countersign/core/audit'
import { err, type Result } from '@countersign/core/shared'
import type { AuditSeal, SealLeaf } from './audit-shapes.ts'
import type { Client } from './client.ts'
import type { Failure } from './outcome.ts'
import { allItems } from './pages.ts'

export type ProveFailure =
  | Failure
  /** No seal is over such an event: it does not exist, or its day is not sealed yet. */
  | { readonly reason: 'event_not_sealed' }
  /** What stands in the log today is not what was sealed. */
  | { readonly reason: 'sealed_event_changed'; readonly day: string }

export interface ProveOptions {
  /** Of its seal; unless given, all of them are looked through, the newest first. */
  readonly day?: string | undefined
}

const PAGE = 100

/** A proof that stands alone. It is made here, of what the platform tells, and shows by itself whether that was true. */
export const proveEvent = async (
  client: Pick<Client, 'audit'>,
  eventId: string,
  { day }: ProveOptions = {},
): Promise<Result<Proof, ProveFailure>> => {
  const seals = await sealsOf(client, day)
  if (!seals.ok) return seals
  for (const seal of seals.value.toReversed()) {
    const leaves = await allItems((cursor) => client.audit.leaves(seal.day, { cursor }))
    if (!leaves.ok) return leaves
    const leaf = leaves.value.find((one) => one.eventId === eventId)
    if (leaf) return proofOf(client, seal, leaves.value, leaf)
  }
  return err({ reason: 'event_not_sealed' })
}

const sealsOf = async (
  { audit }: Pick<Client, 'audit'>,
  day: string | undefined,
): Promise<Result<readonly AuditSeal[], Failure>> => {
  if (day === undefined) return allItems((cursor) => audit.seals({ limit: PAGE, cursor }))
  const seal = await audit.seal(day)
  return seal.ok ? { ok: true, value: [seal.value.body] } : seal
}

const proofOf = async (
  { audit }: Pick<Client, 'audit'>,
  { seal, day }: AuditSeal,
  leaves: readonly SealLeaf[],
  { entity, eventId }: SealLeaf,
): Promise<Result<Proof, ProveFailure>> => {
  const events = await allItems((cursor) => audit.events({ entity, limit: PAGE, cursor }))
  if (!events.ok) return events
  const event = events.value.find(({ id }) => id === eventId)
  const proof = event && Audit.prove({ ...event }, leaves, seal)
  return proof ? { ok: true, value: proof } : err({ reason: 'sealed_event_changed', day })
}
