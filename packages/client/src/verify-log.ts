import {
  Audit,
  type Finding,
  type Head,
  type Linked,
  type LogFault,
  type PublishedKey,
  type SealFault,
} from '@countersign/core/audit'
import type { Result } from '@countersign/core/shared'
import type { AuditEvent } from './audit-shapes.ts'
import type { Client } from './client.ts'
import type { Failure, Outcome } from './outcome.ts'
import { allItems, eachPage } from './pages.ts'
import { daysOf, NO_SEALS, readSeals, type SealedDays } from './read-seals.ts'

export interface VerifyOptions {
  /** Only the log of this entity; seals are then not looked at. */
  readonly entity?: string | undefined
  /** The published keys, from where the platform cannot reach them; the platform's own word unless given. */
  readonly keys?: readonly PublishedKey[] | undefined
}

/** What the log is, as far as who asks can tell; nothing of it is taken from the platform's word but the events. */
export interface LogVerdict {
  readonly entities: number
  readonly events: number
  readonly seals: SealedDays
  readonly findings: readonly Finding<LogFault | SealFault>[]
}

type Audited = Pick<Client, 'audit' | 'signingKeys'>
type Chains = Map<string, Linked[]>

const PAGE = 100
/** Reads of a log that somebody may be writing to at the same moment. */
const READS = 6
const PAUSE_MILLISECONDS = 100

/**
 * Reads the whole log, or one entity's, computes every hash anew, and holds each event to the one after it, the last one to
 * the entity's head, and all of them to the seals. What does not fit is read again, because logs go on while they are read.
 */
export const verifyLog = async (
  client: Audited,
  { entity, keys }: VerifyOptions = {},
): Promise<Result<LogVerdict, Failure>> => {
  // The seals first: what they are over is then in the log that is read.
  const sealed = entity === undefined ? await readSeals(client, keys) : NO_SEALS
  if (!sealed.ok) return sealed
  const chains: Chains = new Map()
  const unreadable = await readChains(client, entity, chains)
  if (!unreadable.ok) return unreadable
  const heads = await allItems((cursor) => client.audit.heads({ entity, limit: PAGE, cursor }))
  if (!heads.ok) return heads
  const byId = new Map(heads.value.map((head) => [head.id, head] as const))
  const findings: Finding<LogFault | SealFault>[] = []
  for (const id of new Set([...byId.keys(), ...chains.keys()])) {
    const judged = await judge(client, id, chains, byId.get(id))
    if (!judged.ok) return judged
    findings.push(...judged.value)
  }
  // Where the walk stopped, the logs of the entities were read one by one; what no entity has cannot be found that way.
  if (findings.length === 0) findings.push(...unreadable.value)
  const events = [...chains.values()].flat()
  findings.push(...sealed.value.findings, ...Audit.faultsUnderSeals(sealed.value.read, events))
  const seals = daysOf(sealed.value.read, events.length)
  return { ok: true, value: { entities: byId.size, events: events.length, seals, findings } }
}

/** What could not be read in one go; then `judge` reads entity by entity. */
const readChains = async (
  client: Audited,
  entity: string | undefined,
  chains: Chains,
): Promise<Result<readonly Finding[], Failure>> => {
  for await (const page of eachPage((cursor) => client.audit.events({ entity, limit: PAGE, cursor }))) {
    if (!page.ok) return isDamage(page) ? { ok: true, value: [unreadable(entity ?? '?', page)] } : page
    for (const event of page.value.body.items) {
      const link = Audit.linkOf(event)
      if (!link) return { ok: true, value: [noEvent(event)] }
      const links = chains.get(link.subject) ?? []
      links.push(link)
      chains.set(link.subject, links)
    }
  }
  return { ok: true, value: [] }
}

type Refused = Extract<Outcome<never>, { readonly ok: false }>

const isDamage = ({ error }: Refused): boolean =>
  error.reason === 'problem' && error.problem.code === 'log_damaged'

const unreadable = (entity: string, { error }: Refused): Finding => ({
  fault: 'event_unreadable',
  entity,
  detail: error.reason === 'problem' ? (error.problem.detail ?? error.problem.title) : 'it cannot be read',
})

const noEvent = ({ subject = '?', id }: Partial<AuditEvent>): Finding => ({
  fault: 'event_unreadable',
  entity: subject,
  ...(id !== undefined && { eventId: id }),
  detail: 'it has no place in the log of an entity',
})

const judge = async (
  client: Audited,
  id: string,
  chains: Chains,
  head: Head | undefined,
): Promise<Result<readonly Finding[], Failure>> => {
  let findings = Audit.faultsOfChain(id, chains.get(id) ?? [], head)
  for (let read = 1; read < READS && findings.length > 0; read++) {
    // A store may tell half of a transaction for a moment: the state already, and not yet the event.
    await new Promise((resolve) => setTimeout(resolve, read > 1 ? PAUSE_MILLISECONDS * read : 0))
    const again = await readOne(client, id)
    if (!again.ok) return again
    findings = again.value.findings
    chains.set(id, again.value.links)
  }
  return { ok: true, value: findings }
}

/**
 * Between two looks at the head: what was in the log at the first is held to it, and what came since is no fault where the
 * second head knows it.
 */
const readOne = async (
  client: Audited,
  id: string,
): Promise<Result<{ readonly findings: readonly Finding[]; readonly links: Linked[] }, Failure>> => {
  const before = await headOf(client, id)
  if (!before.ok) return before
  const chains: Chains = new Map()
  const broken = await readChains(client, id, chains)
  if (!broken.ok) return broken
  const after = await headOf(client, id)
  if (!after.ok) return after
  const links = chains.get(id) ?? []
  const until = isAhead(after.value, before.value) ? (before.value?.version ?? 0) : Infinity
  const judged = links.filter(({ version }) => version <= until)
  const strays = [...chains].flatMap(([subject, [stray]]) =>
    subject === id || !stray ? [] : [ofAnother(id, stray)],
  )
  // Of a log that cannot be read to its end, nothing more can be said.
  const faults = broken.value.length > 0 ? broken.value : Audit.faultsOfChain(id, judged, before.value)
  return { ok: true, value: { findings: [...strays, ...faults], links } }
}

const isAhead = (after: Head | undefined, before: Head | undefined): boolean =>
  (after?.version ?? 0) > (before?.version ?? 0)

const headOf = async (client: Audited, id: string): Promise<Result<Head | undefined, Failure>> => {
  const heads = await client.audit.heads({ entity: id, limit: PAGE })
  return heads.ok ? { ok: true, value: heads.value.body.items.find((one) => one.id === id) } : heads
}

const ofAnother = (entity: string, { subject, version, id }: Linked): Finding => ({
  fault: 'event_out_of_place',
  entity,
  version,
  eventId: id,
  detail: `it says that it happened to ${subject}`,
})
