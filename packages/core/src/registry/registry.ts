export * from './access-rules.ts'
export * from './api.ts'
export type { AuthorizerCaches, Flushed } from './authorizer-caches.ts'
export {
  type AuthorizerCallers,
  type CallerAccount,
  callerAccountOf,
  callerNameOf,
  livesIn,
} from './authorizer-callers.ts'
