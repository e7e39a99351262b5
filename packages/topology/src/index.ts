export * from './log-subscriptions.ts'
export type * from './runs.ts'
export * from './signing-algorithm.ts'
export * from './topology.ts'
