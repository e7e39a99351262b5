import {
  Audit,
  type Finding,
  type PublishedKey,
  type ReadSeal,
  type SealFault,
} from '@countersign/core/audit'
import type { Result } from '@countersign/core/shared'
import type { AuditSeal } from './audit-shapes.ts'
import type { Client } from './client.ts'
import type { Failure } from './outcome.ts'
import { allItems } from './pages.ts'

/** The days that are sealed. */
export interface SealedDays {
  readonly days: number
  readonly from: string | null
  readonly until: string | null
  readonly events: number
  /** Of them, how many came too late for the seal of their own day. */
  readonly late: number
  /** What is in the log and in no seal yet. */
  readonly since: number
}

interface Seals {
  /** Those whose signature is good, in the order of the days. */
  readonly read: readonly ReadSeal[]
  readonly findings: readonly Finding<SealFault>[]
}

export const NO_SEALS: Result<Seals, Failure> = { ok: true, value: { read: [], findings: [] } }

const PAGE = 100

/** Every seal with its events; of a seal nothing counts but what is signed. */
export const readSeals = async (
  client: Pick<Client, 'audit' | 'signingKeys'>,
  keys: readonly PublishedKey[] | undefined,
): Promise<Result<Seals, Failure>> => {
  const published = keys ? undefined : await client.signingKeys.jsonWebKeys()
  if (published && !published.ok) return published
  const trusted = keys ?? published?.value.body.keys ?? []
  const seals = await allItems((cursor) => client.audit.seals({ limit: PAGE, cursor }))
  if (!seals.ok) return seals
  const read: ReadSeal[] = []
  const forged: Finding<SealFault>[] = []
  for (const shown of seals.value) {
    const claims = Audit.readSeal(shown.seal, trusted)
    if (!claims.ok || claims.value.day !== shown.day) {
      forged.push(
        forgedSeal(shown, claims.ok ? `what is signed is the seal of ${claims.value.day}` : claims.error),
      )
      continue
    }
    const leaves = await allItems((cursor) => client.audit.leaves(shown.day, { cursor }))
    if (!leaves.ok) return leaves
    read.push({ claims: claims.value, seal: shown.seal, leaves: leaves.value })
  }
  read.sort((a, b) => (a.claims.day < b.claims.day ? -1 : 1))
  return { ok: true, value: { read, findings: [...forged, ...Audit.faultsOfSeals(read)] } }
}

const forgedSeal = ({ id }: AuditSeal, detail: string): Finding<SealFault> => ({
  fault: 'seal_forged',
  entity: id,
  detail,
})

export const daysOf = (read: readonly ReadSeal[], told: number): SealedDays => {
  const events = read.reduce((sum, { leaves }) => sum + leaves.length, 0)
  return {
    days: read.length,
    from: read.at(0)?.claims.day ?? null,
    until: read.at(-1)?.claims.day ?? null,
    events,
    late: read.reduce((sum, { claims }) => sum + claims.late, 0),
    since: Math.max(0, told - events),
  }
}
