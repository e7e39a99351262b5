export type * from './signing-key.ts'
export * as SigningKey from './signing-key.ts'
