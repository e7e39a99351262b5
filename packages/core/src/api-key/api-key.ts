import type * as z from 'zod'
import type { KeyPlanSchema } from '../events/api-key.ts'
import type { EventType, FactOf } from '../events/catalog.ts'
import type { Cause } from '../events/envelope.ts'
import { fact } from '../events/fact.ts'
import type { Id } from '../shared/id.ts'
import { err, ok, type Result } from '../shared/result.ts'

export type KeyPlan = z.output<typeof KeyPlanSchema>
export type ApiKeyFact = FactOf<Extract<EventType, `api-key.${string}`>>

/** One value of a key; the value itself is kept nowhere. */
export interface KeyValue {
  readonly generation: number
  /** `sha-256:…` of it. */
  readonly digest: string
}

export interface ApiKey {
  readonly id: Id<'api-key'>
  readonly consumerId: Id<'consumer'>
  readonly consumer: string
  readonly name?: string | undefined
  readonly plans: readonly KeyPlan[]
  readonly status: 'active' | 'disabled'
  readonly current: KeyValue
  /** The value before a rotation, which works until then. */
  readonly previous?: KeyValue & { readonly until: string }
  readonly createdAt: string
  readonly rotatedAt?: string
  readonly disabledAt?: string
}

export type ApiKeyRefusal = 'api_key_not_found' | 'api_key_disabled'

type Facts = Result<readonly ApiKeyFact[], ApiKeyRefusal>

export interface CreateApiKey {
  readonly id: Id<'api-key'>
  readonly consumerId: Id<'consumer'>
  readonly consumer: string
  readonly name?: string | undefined
  readonly plans: readonly KeyPlan[]
}

export const FIRST_GENERATION = 1

/** The caller has checked consumer and plans against what is registered. */
export const create = (
  { id: apiKeyId, plans, ...described }: CreateApiKey,
  digest: string,
  { now }: Cause,
): readonly ApiKeyFact[] => [
  fact('api-key.created', {
    apiKeyId,
    ...described,
    plans: [...plans],
    digest,
    createdAt: now.toISOString(),
  }),
]

/** Both values work for a while, so that nobody has to change theirs in the same second; a value before them ends now. */
export const rotate = (
  key: ApiKey,
  { digest, overlapSeconds }: { readonly digest: string; readonly overlapSeconds: number },
  { now }: Cause,
): Facts => {
  if (key.status === 'disabled') return err('api_key_disabled')
  const previousUntil = new Date(now.getTime() + overlapSeconds * 1_000).toISOString()
  const generation = nextGeneration(key)
  return ok([
    fact('api-key.rotated', {
      apiKeyId: key.id,
      generation,
      digest,
      rotatedAt: now.toISOString(),
      previousUntil,
    }),
  ])
}

export const nextGeneration = ({ current }: ApiKey): number => current.generation + 1

/** What the clock has brought about: the value before a rotation is over. */
export const retire = ({ id, previous }: ApiKey, { now }: Cause): readonly ApiKeyFact[] =>
  previous && Date.parse(previous.until) <= now.getTime()
    ? [
        fact('api-key.retired', {
          apiKeyId: id,
          generation: previous.generation,
          retiredAt: now.toISOString(),
        }),
      ]
    : []

/** For good: whoever needs a key again is given another. Twice is not an error. */
export const disable = (key: ApiKey, note: string | undefined, { now }: Cause): Facts =>
  ok(
    key.status === 'disabled'
      ? []
      : [fact('api-key.disabled', { apiKeyId: key.id, disabledAt: now.toISOString(), note })],
  )

/** The values that open something at an instant. */
export const valuesAt = ({ status, current, previous }: ApiKey, now: Date): readonly KeyValue[] => {
  if (status === 'disabled') return []
  return previous && Date.parse(previous.until) > now.getTime() ? [previous, current] : [current]
}

export const evolve = (key: ApiKey | undefined, event: ApiKeyFact, time: string): ApiKey => {
  if (event.type === 'api-key.created') {
    const { apiKeyId: id, digest, ...described } = event.data
    return { ...described, id, status: 'active', current: { generation: FIRST_GENERATION, digest } }
  }
  if (!key) throw new Error(`the log of ${event.data.apiKeyId} begins with ${event.type}`)
  const { previous, ...rest } = key
  switch (event.type) {
    case 'api-key.rotated': {
      const { generation, digest, rotatedAt, previousUntil: until } = event.data
      const overlaps = Date.parse(until) > Date.parse(time)
      const rotated = { ...rest, current: { generation, digest }, rotatedAt }
      return overlaps ? { ...rotated, previous: { ...key.current, until } } : rotated
    }
    case 'api-key.retired':
      return previous?.generation === event.data.generation ? rest : key
    case 'api-key.disabled':
      return { ...rest, status: 'disabled', disabledAt: event.data.disabledAt }
  }
}

/** What `GET /api-keys` filters by; `overlapping`: a value's time is going to be over. */
export const labelsOf = ({ status, consumerId, plans, previous }: ApiKey): readonly string[] => [
  `status=${status}`,
  `consumer=${consumerId}`,
  ...plans.flatMap(({ planId, name }) => [`plan=${planId}`, `plan=${name}`]),
  ...(previous ? ['overlapping'] : []),
]
