export type * from './token-module.ts'
export * as Token from './token-module.ts'
