import type { Paging } from './shapes.ts'

/** Bodies of usage plans and API keys. Times are RFC 3339 in UTC. */

export interface Throttle {
  /** Requests a second in the long run. */
  readonly rateLimit: number
  /** Requests at once. */
  readonly burstLimit: number
}

export interface PutUsagePlan {
  /** Name or id. */
  readonly api: string
  readonly environment: string
  readonly description?: string | undefined
  /** Of the calendar in UTC; a week begins on Sunday. */
  readonly quota?: { readonly limit: number; readonly period: 'day' | 'week' | 'month' } | undefined
  readonly throttle?: Throttle | undefined
  /** For single routes, in place of `throttle`. */
  readonly methods?: readonly (Throttle & { readonly route: string })[] | undefined
}

export interface UsagePlan extends PutUsagePlan {
  readonly id: string
  readonly name: string
  readonly apiId: string
  readonly createdAt: string
  readonly changedAt: string
}

export interface UsagePlanQuery extends Paging {
  readonly api?: string | undefined
  readonly environment?: string | undefined
}

export interface CreateApiKey {
  /** The consumer's id. */
  readonly consumer: string
  /** Names or ids; one of each API and environment. */
  readonly plans: readonly string[]
  readonly name?: string | undefined
}

export interface ApiKey {
  readonly id: string
  readonly state: 'active' | 'disabled'
  /** The consumer's id. */
  readonly consumer: string
  readonly consumerName: string
  readonly name?: string | null
  readonly plans: readonly { readonly name: string; readonly api: string; readonly environment: string }[]
  /** 1 for the value it was created with, then one more each. */
  readonly generation: number
  /** The value before works until then. */
  readonly previousUntil?: string | null
  readonly createdAt: string
  readonly rotatedAt?: string | null
  readonly disabledAt?: string | null
}

/** `key` is there once: in the answer that made it. */
export type ShownApiKey = ApiKey & { readonly key?: string }

export interface RotateApiKey {
  /** How long the value before works on: `24h` unless given, 30 days at most. */
  readonly overlap?: string | undefined
  /** It stops at once. */
  readonly now?: boolean | undefined
}

export interface ApiKeyQuery extends Paging {
  readonly consumer?: string | undefined
  readonly plan?: string | undefined
  readonly state?: string | undefined
}
