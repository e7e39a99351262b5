/** One resource that a deployment would create, as SST and the stacks ask for it. */
export interface Resource {
  /** Pulumi's, such as `aws:sqs/queue:Queue`. */
  readonly type: string
  /** Logical name. */
  readonly name: string
  readonly inputs: Inputs
  /** Kept when the stack, or it, is removed. */
  readonly retained: boolean
  /** Refuses to be removed at all. */
  readonly protectedFromRemoval: boolean
}

export type Inputs = { readonly [member: string]: unknown }

/** What SST asks its command to bundle. */
export interface Build {
  readonly functionID: string
  readonly handler: string
  readonly runtime: string
  readonly links: Inputs
  readonly copyFiles: readonly { readonly from: string; readonly to: string }[]
  readonly properties: {
    readonly minify?: boolean
    readonly splitting?: boolean
    readonly architecture: string
  }
}

/** The program of one stage, evaluated with nothing deployed. */
export interface Evaluation {
  readonly app: {
    readonly name: string
    readonly stage: string
    readonly protect: boolean
    readonly removal: string
    readonly home: string
    readonly providers: { readonly aws: { readonly region: string } }
  }
  readonly resources: readonly Resource[]
  readonly builds: readonly Build[]
  readonly outputs: Inputs
}
