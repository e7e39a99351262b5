export type * from './lockdown.ts'
export * as Lockdowns from './lockdown.ts'
