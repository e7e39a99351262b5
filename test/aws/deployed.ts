import type { Inputs } from '../stacks/evaluation.ts'

/** A resource as it was made. */
export interface Made {
  readonly type: string
  /** Logical name, as the stacks say it. */
  readonly name: string
  readonly id: string
  readonly arn?: unknown
  /** Name in the account, where it has one: SST adds a random end. */
  readonly physical?: unknown
}

/** What a deployment brought about. */
export interface Deployed {
  readonly stage: string
  readonly outputs: Inputs
  readonly resources: readonly Made[]
}
