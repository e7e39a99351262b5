import * as Access from '@countersign/core/access/module'
import { accessRows } from '../runtime/connectors/access-rows.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { subscriber } from '../runtime/subscriber.ts'

/** Writes what an event gives into the read model; what it takes away its command has written already. */
export const make = (services: Pick<Services, 'accessRows' | 'log'>) =>
  subscriber('ProjectAccess', services, (event) => services.accessRows.write(Access.grantsOf(event)))

export const handler = lambda(make, { accessRows })
