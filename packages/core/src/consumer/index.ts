export type * from './consumer.ts'
export * as Consumer from './consumer.ts'
