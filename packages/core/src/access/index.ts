export type * from './access.ts'
export * as Access from './access.ts'
