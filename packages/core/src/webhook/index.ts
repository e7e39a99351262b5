export type * from './webhook-module.ts'
export * as Webhooks from './webhook-module.ts'
