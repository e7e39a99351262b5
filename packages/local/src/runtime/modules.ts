import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Services } from '@countersign/functions/runtime/services'

const root = join(import.meta.dirname, '../../../..')

/** A function of the topology, made with the services of this machine. Loaded when it is first needed. */
export const makeFrom = async <E, R>(
  module: string,
  services: Services,
): Promise<(event: E) => Promise<R>> => {
  const loaded = (await import(pathToFileURL(join(root, `${module}.ts`)).href)) as {
    readonly make: (services: Services) => (event: E) => Promise<R>
  }
  return loaded.make(services)
}
