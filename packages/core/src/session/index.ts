export type * from './session-module.ts'
export * as Session from './session-module.ts'
