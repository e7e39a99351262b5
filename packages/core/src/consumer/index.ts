export type * from './consumer.ts'
export type { Consumer as ConsumerState } from './consumer.ts'
export * as Consumer from './consumer-module.ts'
export type * from './self-signing.ts'
