export type * from './registry.ts'
export * as Registry from './registry.ts'
