import { setTimeout } from 'node:timers/promises'
import { waitOf } from '@countersign/aws/backoff'
import { processServices } from './process-services.ts'
import type { Environment, ProcessService, Services } from './services.ts'

/**
 * Loads an adapter, and then makes it from the environment, when it is first used: a function has the variables of its
 * own links only, and using a port whose variable is missing throws and names it.
 *
 * Each port on AWS has one, in a file for each adapter (`connectors/`): a function names those that it needs, and a
 * bundle is what its files could import, whether anything of it runs or not. Who brings services of its own imports the
 * same handlers and must not pay for the SDK, so adapters are imported when they are first needed.
 */
export type Connector<T> = () => Promise<(environment: Environment) => T>

/** For all that `N` asks for and the process does not have by itself: one too few does not compile, nor one too many. */
export type Connectors<N> = { readonly [Port in Exclude<keyof N, ProcessService>]: Connector<N[Port]> }

/** What the process has, and what the connectors bring. */
export const connected = async <N>(
  connectors: Connectors<N>,
  environment: Environment = process.env,
): Promise<N> => {
  const connecting = Object.entries<Connector<unknown>>(connectors).map(
    async ([port, connect]) => [port, (await connect())(environment)] as const,
  )
  // The type of `connectors` says that with those of the process these are all.
  return { ...ofEveryFunction, ...Object.fromEntries(await Promise.all(connecting)) } as N
}

const ofEveryFunction: Pick<Services, ProcessService> = {
  ...processServices,
  pause: async (attempt) => {
    await setTimeout(waitOf(attempt, Math.random))
  },
}
