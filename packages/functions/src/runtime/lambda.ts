import { connect } from './connect.ts'
import type { Services } from './services.ts'
import { warmed } from './warmed.ts'

/** A Lambda entry point over the adapters on AWS. */
export const lambda = <E, R>(make: (services: Services) => (event: E) => Promise<R>) => warmed(connect, make)
