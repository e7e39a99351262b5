import type { EventData, FactOf } from '../events/catalog.ts'
import { type Cause, fact } from '../events/envelope.ts'
import { type LockdownScope, lockdownEntry } from '../shared/lockdown-scope.ts'

export type LockdownFact = FactOf<'lockdown.begun' | 'lockdown.ended'>
type Begun = EventData<'lockdown.begun'>

/** What was last said of a scope; it has one log, and its id is its entry in the fence. */
export interface Lockdown extends Begun {
  readonly status: 'begun' | 'ended'
  /** RFC 3339; of the scope's first lockdown. */
  readonly firstAt: string
  readonly endedAt?: string
}

export const lockdownIdOf = (scope: LockdownScope): string => lockdownEntry(scope)

const scopeOf = ({ apiId, environment }: LockdownScope): LockdownScope => ({
  ...(apiId !== undefined && { apiId }),
  ...(environment !== undefined && { environment }),
})

/** One that stands already stays as it is: its reason and its beginning are those of the first who said so. */
export const begin = (
  known: Lockdown | undefined,
  asked: LockdownScope & Pick<Begun, 'spares' | 'because'>,
  { now }: Cause,
): readonly LockdownFact[] => {
  if (known?.status === 'begun') return []
  const { spares, because } = asked
  return [fact('lockdown.begun', { ...scopeOf(asked), spares, because, begunAt: now.toISOString() })]
}

/** Ending twice is no error: the second time, nothing happens. */
export const end = (known: Lockdown, because: string, { now }: Cause): readonly LockdownFact[] =>
  known.status === 'ended'
    ? []
    : [fact('lockdown.ended', { ...scopeOf(known), because, endedAt: now.toISOString() })]

export const evolve = (known: Lockdown | undefined, event: LockdownFact, time: string): Lockdown => {
  if (event.type === 'lockdown.begun')
    return { ...event.data, status: 'begun', firstAt: known?.firstAt ?? time }
  if (!known) throw new Error(`the log of a lockdown begins with ${event.type}`)
  return { ...known, status: 'ended', endedAt: event.data.endedAt }
}

export const labelsOf = ({ status }: Lockdown): readonly string[] => [`status=${status}`]
