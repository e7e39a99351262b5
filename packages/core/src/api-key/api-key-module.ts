export * from './api-key.ts'
export * from './key-request.ts'
export * from './value.ts'
