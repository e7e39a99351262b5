import { type Connectors, connected } from './connected.ts'
import { warmed } from './warmed.ts'

/** A Lambda entry point over the adapters on AWS. They are loaded on the first invocation. */
export const lambda = <N, E, R>(
  make: (services: N) => (event: E) => Promise<R>,
  connectors: Connectors<NoInfer<N>>,
) => warmed(() => connected<N>(connectors), make)
