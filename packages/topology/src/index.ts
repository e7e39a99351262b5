export * from './signing-algorithm.ts'
export * from './topology.ts'
