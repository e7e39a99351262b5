import type { Leaf, Seal, SealPart } from '@countersign/core/audit'
import * as Audit from '@countersign/core/audit/module'
import type { Cause } from '@countersign/core/events'
import { recordFacts } from '@countersign/core/events'
import type { Ledger } from '@countersign/core/ledger'
import * as Signing from '@countersign/core/signing-key/signing'
import { change, NOTHING } from './command.ts'
import { loadSeal, sealShape } from './entities.ts'
import { currentSealKey } from './seal-keys.ts'
import type { Services } from './services.ts'

export type SealingServices = Pick<Services, 'ledger' | 'sealKeys' | 'newId' | 'clock' | 'settings'>

const EVENTS_A_PAGE = 500
const SEALS_A_PAGE = 100
/** Days, within which the newest seal is looked for first. */
const LATELY = 40

/**
 * Seals the days that are over, one after the other, at most so many. Of two runs at once, one takes each step and the
 * other stops; one that died is gone on with: what it had put in order stays so.
 */
export const sealDays = async (
  services: SealingServices,
  most: number,
  largestPart: number = Audit.LARGEST_PART,
): Promise<void> => {
  const now = services.clock()
  let day = await firstUnsealed(services.ledger, now)
  for (let sealed = 0; sealed < most && day !== undefined && Audit.isDue(day, now); sealed++) {
    if (!(await sealDay(services, day, now, largestPart))) return
    day = Audit.dayAfter(day)
  }
}

/** The day after the newest seal, or that of the first event; undefined when nothing happened before today. */
const firstUnsealed = async (ledger: Ledger, now: Date): Promise<string | undefined> => {
  const lately = Audit.startOfDay(Audit.dayAfter(Audit.dayOf(now), -LATELY)).toISOString()
  const newest = (await newestSeal(ledger, lately)) ?? (await newestSeal(ledger))
  if (newest === undefined) {
    const today = Audit.startOfDay(Audit.dayOf(now)).toISOString()
    const [first] = (await ledger.events({ to: today, limit: 1, after: undefined })).items
    return first && Audit.dayOf(new Date(first.time))
  }
  // A list may be behind; what is there is found by its id.
  let day = Audit.dayAfter(newest)
  while ((await loadSeal(ledger, day)).state) day = Audit.dayAfter(day)
  return day
}

const newestSeal = async (ledger: Ledger, createdFrom?: string): Promise<string | undefined> => {
  let newest: string | undefined
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const query = {
      labels: [],
      limit: SEALS_A_PAGE,
      after,
      ...(createdFrom !== undefined && { createdFrom }),
    }
    const page = await ledger.list<Seal>('seal', query)
    newest = page.items.at(-1)?.state.day ?? newest
    after = page.next
  }
  return newest
}

/** False when another run was faster. */
const sealDay = async (
  services: SealingServices,
  day: string,
  now: Date,
  largestPart: number,
): Promise<boolean> => {
  const { ledger, settings, newId } = services
  const key = await currentSealKey(services, now)
  if (!key.ok) throw new Error(`nothing can be sealed: ${key.error.reason}`)
  const cause: Cause = { actor: 'schedule', correlationId: newId('event'), now }
  const previous = (await loadSeal(ledger, Audit.dayAfter(day, -1))).state
  const parts = [...(await partsOf(ledger, day))]
  const fresh = await unsealedUntil(ledger, day, previous !== undefined, parts)
  for (let from = 0; from < fresh.length; from += largestPart) {
    const part = { day, leaves: fresh.slice(from, from + largestPart) }
    if (!(await keepPart(services, part, parts.length, cause))) return false
    parts.push(part)
  }
  const leaves = parts.flatMap((part) => part.leaves)
  const sealing = { day, leaves, parts: parts.length, previous, issuer: settings.issuer, now }
  const seal = await Signing.signJws(key.value, Audit.SEAL_TYPE, Audit.claimsOf(sealing))
  const facts = Audit.sealed(sealing, key.value.kid, seal.reveal())
  const { changes } = change(sealShape, Audit.sealIdOf(day), NOTHING, facts, { cause, newId })
  return (await ledger.commit({ entities: changes })).ok
}

/** What happened until the end of the day and is in no seal: the day's own events, and what came too late for theirs. */
const unsealedUntil = async (
  ledger: Ledger,
  day: string,
  isLater: boolean,
  parts: readonly SealPart[],
): Promise<readonly Leaf[]> => {
  const known = new Set(parts.flatMap(({ leaves }) => leaves).map(({ hash }) => hash))
  for (let back = 1; back <= Audit.LATE_DAYS; back++)
    for (const { leaves } of await partsOfSeal(ledger, Audit.dayAfter(day, -back)))
      for (const { hash } of leaves) known.add(hash)
  // The first seal is over everything there is.
  const from = isLater ? Audit.startOfDay(Audit.dayAfter(day, -Audit.LATE_DAYS)) : undefined
  const to = Audit.startOfDay(Audit.dayAfter(day)).toISOString()
  const query = { to, limit: EVENTS_A_PAGE, ...(from && { from: from.toISOString() }) }
  const fresh: Leaf[] = []
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await ledger.events({ ...query, after })
    fresh.push(...page.items.map(Audit.leafOf).filter(({ hash }) => !known.has(hash)))
    after = page.next
  }
  return fresh
}

const loadPart = async (ledger: Ledger, day: string, index: number): Promise<SealPart | undefined> =>
  (await ledger.load<SealPart>('seal-part', Audit.partIdOf(day, index))).state

/** What runs put in order so far. */
const partsOf = async (ledger: Ledger, day: string): Promise<readonly SealPart[]> => {
  const parts: SealPart[] = []
  for (;;) {
    const part = await loadPart(ledger, day, parts.length)
    if (!part) return parts
    parts.push(part)
  }
}

/** What the day's seal is over: a part that a slower run kept after it is in no seal. */
const partsOfSeal = async (ledger: Ledger, day: string): Promise<readonly SealPart[]> => {
  const seal = (await loadSeal(ledger, day)).state
  const parts = await Promise.all(
    Array.from({ length: seal?.parts ?? 0 }, (_, index) => loadPart(ledger, day, index)),
  )
  return parts.filter((part) => part !== undefined)
}

const keepPart = async (
  { ledger, newId }: SealingServices,
  part: SealPart,
  index: number,
  cause: Cause,
): Promise<boolean> => {
  const { day, leaves } = part
  const [kind, id] = ['seal-part', Audit.partIdOf(day, index)] as const
  const events = recordFacts(id, NOTHING, Audit.gathered(day, index, leaves), cause, newId)
  const createdAt = Audit.startOfDay(day).toISOString()
  const entity = { kind, id, expectedVersion: 0, state: part, events, labels: [], createdAt } as const
  return (await ledger.commit({ entities: [entity] })).ok
}
