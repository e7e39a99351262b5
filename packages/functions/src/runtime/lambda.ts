import type { Services } from './services.ts'
import { warmed } from './warmed.ts'

/**
 * A Lambda entry point over the adapters on AWS. They are loaded on the first invocation, because a runtime that brings
 * services of its own imports the same modules and must not pay for the SDK.
 */
export const lambda = <E, R>(make: (services: Services) => (event: E) => Promise<R>) =>
  warmed(async () => (await import('./connect.ts')).connect(), make)
