export * from './api-key.ts'
export * from './key-request.ts'
export * from './secret-store.ts'
export * from './value.ts'
