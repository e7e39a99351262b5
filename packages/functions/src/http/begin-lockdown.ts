import * as Lockdowns from '@countersign/core/lockdown/module'
import { ok } from '@countersign/core/shared'
import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import { LockdownBody, lockdownCommand } from '../runtime/lockdown-command.ts'
import type { Services } from '../runtime/services.ts'

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ body: LockdownBody }, services, (request) =>
    lockdownCommand(services, request, (known, scope, spares, cause) =>
      ok(Lockdowns.begin(known, { ...scope, spares: [...spares], because: request.body.because }, cause)),
    ),
  )

export const handler = lambda(make, { ledger })
