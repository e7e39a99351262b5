/** One subscription's queue, as an operator sees it. */
export interface SubscriptionStatus {
  readonly name: string
  /** Messages that wait, and that a handler holds right now. */
  readonly waiting: number
  readonly inFlight: number
  /** Messages that were given up after the limit of receives. */
  readonly dead: number
  /** A few of them, oldest first; what they carry is the event's type and id, never its data. */
  readonly deadLetters: readonly DeadLetter[]
}

export interface DeadLetter {
  readonly eventId: string | undefined
  readonly eventType: string | undefined
  readonly receives: number
  /** What the handler said the last time, where that is known. */
  readonly lastError: string | undefined
}

/** The state of the road between the ledger and the subscribers. */
export interface PipelineStatus {
  /** Events in the ledger that the relay has not put on the bus yet; undefined where the store cannot count them. */
  readonly unrelayed: number | undefined
  readonly subscriptions: readonly SubscriptionStatus[]
}

export interface Pipeline {
  status(): Promise<PipelineStatus>
  /** Moves a subscription's dead letters back to its queue. How many; undefined when there is no such subscription. */
  redrive(subscription: string): Promise<number | undefined>
}
