import type { Coordinates } from '../shared/coordinates.ts'
import type { Redacted } from '../shared/redacted.ts'
import type { MethodThrottle, Quota, Throttle } from './usage-plan.ts'

/** A usage plan as a gateway has it. */
export interface GatewayPlan {
  /** Ours, unique; how the plan is found again. */
  readonly name: string
  readonly description: string
  /** Where its keys open API key routes and are counted. */
  readonly stages: readonly Coordinates[]
  readonly quota?: Quota | undefined
  readonly throttle?: Throttle | undefined
  readonly methods: readonly MethodThrottle[]
}

/** An API key as a gateway has it; its value never changes. */
export interface GatewayKey {
  /** The owner, a dot, and what tells the owner's keys apart. */
  readonly name: string
  readonly value: Redacted<string>
  /** Names of the plans it is in, which exist. */
  readonly plans: readonly string[]
}

/**
 * The keys and usage plans that gateways enforce: API Gateway's own on AWS, the emulation's on one machine. Every call
 * says how it should be in the end, so a repeated one changes nothing. Throws when that could not be brought about.
 */
export interface GatewayKeys {
  /** Makes the plan, or makes it so. */
  putPlan(plan: GatewayPlan): Promise<void>
  /** Takes every stage from the plan, if there is one: it opens nothing and counts nothing. */
  closePlan(name: string): Promise<void>
  /** From now on the owner has these keys and no others. */
  setKeys(owner: string, keys: readonly GatewayKey[]): Promise<void>
}
