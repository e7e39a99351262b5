export type * from './api-key-module.ts'
export * as ApiKeys from './api-key-module.ts'
