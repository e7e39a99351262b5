import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Services } from '@countersign/functions/runtime/services'
import {
  authorizer,
  inboxes,
  type Link,
  logSubscriptions,
  type Runs,
  rotations,
  routes,
  schedules,
  simpleAuthorizer,
  streams,
} from '@countersign/topology'
import { linked } from './linked.ts'

const root = join(import.meta.dirname, '../../../..')

const runs: readonly Runs[] = [
  ...[
    routes,
    inboxes,
    streams,
    schedules,
    logSubscriptions,
    rotations,
    { authorizer, simpleAuthorizer },
  ].flatMap((table) => Object.values<Runs>(table)),
]

const linksOf = (module: string): readonly Link[] => {
  const found = runs.find((one) => one.module === module)
  if (!found) throw new Error(`${module} is not in the topology`)
  return found.links
}

/** A function of the topology, made with what its links open of this machine. Loaded when it is first needed. */
export const makeFrom = async <E, R>(
  module: string,
  services: Services,
): Promise<(event: E) => Promise<R>> => {
  const loaded = (await import(pathToFileURL(join(root, `${module}.ts`)).href)) as {
    readonly make: (services: Services) => (event: E) => Promise<R>
  }
  return loaded.make(linked(services, module, linksOf(module)))
}
