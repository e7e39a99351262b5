import { connected } from './connected.ts'
import * as connectors from './connectors.ts'
import type { Environment, Services } from './services.ts'

/** All services on AWS, for programs. A function takes those it needs by `lambda`. */
export const connect = (environment?: Environment): Promise<Services> =>
  connected<Services>(connectors, environment)
