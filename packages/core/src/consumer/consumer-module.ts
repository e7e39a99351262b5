export * from './consumer.ts'
export * from './self-signing.ts'
