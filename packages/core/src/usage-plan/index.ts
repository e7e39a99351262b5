export type * from './usage-plan-module.ts'
export * as UsagePlans from './usage-plan-module.ts'
