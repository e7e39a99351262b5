import type { EventOf } from './catalog.ts'

/** An event that the bus did not take, and why. */
export interface Unpublished {
  readonly eventId: string
  /** `true`: sending it again can help; `false`: it never will be taken, and lies with its reason among the dead letters. */
  readonly retryable: boolean
  readonly detail: string
}

/** Puts events on the bus. At least once; no order between entities. */
export interface Publisher {
  /** The ones not taken; empty when all are on the bus. Throws when nothing is known about any of them. */
  publish(events: readonly EventOf[]): Promise<readonly Unpublished[]>
}
