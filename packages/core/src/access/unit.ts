import { consumerRowKey, fenceRowKey, sessionRowKey, shards, tokenRowKey } from './row.ts'

/** What is compared at once: rows, or registers of rows, and the entities whose logs make them. */
export interface Unit {
  readonly rows: readonly string[]
  /** Registers of these rows that are asked about; all unless given. */
  readonly isAsked?: (register: string) => boolean
  /** Subjects of events. */
  readonly sources: readonly string[]
}

export const tokenUnit = (id: string): Unit => ({ rows: [tokenRowKey(id)], sources: [id] })
export const sessionUnit = (id: string): Unit => ({ rows: [sessionRowKey(id)], sources: [id] })
export const consumerUnit = (id: string): Unit => ({ rows: [consumerRowKey(id)], sources: [id] })

/** A deployment of any API that ever lived there: all copies. */
export const deploymentUnit = (path: string, apis: readonly string[]): Unit => ({
  rows: shards.map((shard) => `deployment#${path}#${shard}`),
  sources: apis,
})

/** Entries of the fence, in all copies. */
export const fenceUnit = (isAsked: (register: string) => boolean, sources: readonly string[]): Unit => ({
  rows: FENCE_ROWS,
  isAsked,
  sources,
})

/** A row that no event can make, for it has no such key. */
export const strangeUnit = (key: string): Unit => ({ rows: [key], sources: [] })

export const FENCE_ROWS: readonly string[] = shards.map(fenceRowKey)

/** The coordinates in the key of a deployment row, when it is a copy that is kept. */
export const pathOfDeploymentRow = (key: string): string | undefined => {
  const [, path, shard] = /^deployment#([^#]+)#(\d+)$/.exec(key) ?? []
  return shards.some((one) => String(one) === shard) ? path : undefined
}
