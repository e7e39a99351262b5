export type * from './revocation.ts'
export * as Revocations from './revocation.ts'
