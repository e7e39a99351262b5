/** What makes keys and signs with them. Apart from the rest, because two of its algorithms bring libraries along. */
export * from './key-material.ts'
export * from './rotation.ts'
export * from './sign.ts'
