export * from './ledger.ts'
export * from './stored.ts'
