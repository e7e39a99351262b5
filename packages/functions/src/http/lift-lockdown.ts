import * as Lockdowns from '@countersign/core/lockdown/module'
import { err, ok } from '@countersign/core/shared'
import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import { LockdownBody, lockdownCommand } from '../runtime/lockdown-command.ts'
import type { Services } from '../runtime/services.ts'

/** A second act with a reason of its own, for exactly the scope that was locked down; others stand. */
export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ body: LockdownBody }, services, (request) =>
    lockdownCommand(services, request, (known, _scope, _own, cause) =>
      known ? ok(Lockdowns.end(known, request.body.because, cause)) : err({ reason: 'lockdown_not_found' }),
    ),
  )

export const handler = lambda(make, { ledger })
