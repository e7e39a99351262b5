export * from './issue-request.ts'
export * from './token.ts'
