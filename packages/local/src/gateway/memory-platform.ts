import { randomBytes, randomUUID } from 'node:crypto'
import { Access } from '@countersign/core/access'
import { ApiKeys } from '@countersign/core/api-key'
import type { Cause } from '@countersign/core/events'
import type { Change } from '@countersign/core/ledger'
import { Redacted } from '@countersign/core/shared'
import { provision } from '@countersign/functions/runtime/provisioning'
import { rotateNow } from '@countersign/functions/runtime/rotating'
import type { Log } from '@countersign/functions/runtime/services'
import { type LocalServices, localServices } from '../platform/services.ts'
import { localBus } from '../runtime/bus.ts'
import { platformIntegration } from '../server/platform-api.ts'
import { openDatabase } from '../store/database.ts'
import { sqliteQueues } from '../store/sqlite-queues.ts'
import { testPeople } from './test-people.ts'

/** The platform's own functions over a store in memory: no ports, no files, no pipeline to wait for. */
export interface MemoryPlatform {
  readonly services: LocalServices
  /** Calls a route of the platform's HTTP API as its operator, with JSON or a form; the answer's body. Throws what it was refused for. */
  ask(method: string, path: string, body?: object | URLSearchParams): Promise<unknown>
  close(): void
}

const ISSUER = 'https://countersign.test'
const OPERATOR = { consumerId: 'con_operator' }

/** What the pipeline would bring to the read model is there by the time a command has answered. */
export const startMemoryPlatform = async (clock: () => Date, log: Log): Promise<MemoryPlatform> => {
  const database = openDatabase(':memory:')
  const queues = sqliteQueues(database)
  let projected: Promise<void> = Promise.resolve()
  const services: LocalServices = localServices({
    database,
    queues,
    bus: localBus({ queues, clock, adversity: undefined, sent: () => {} }),
    clock,
    identities: testPeople,
    settings: { issuer: ISSUER, ringRefreshSeconds: 1 },
    log,
    committed: ({ entities }: Change) => {
      const events = entities.flatMap((entity) => entity.events)
      projected = projected.then(async () => {
        await services.accessRows.write(events.flatMap(Access.grantsOf))
        for (const event of events) await provision(services, event)
      })
    },
    sent: () => {},
    unrelayed: () => 0,
  })
  const cause: Cause = { actor: 'test', correlationId: services.newId('event'), now: clock() }
  const rotated = await rotateNow(services, cause.correlationId, cause)
  await services.apiKeySecret.create(new Redacted(randomBytes(ApiKeys.SECRET_BYTES).toString('base64url')))
  if (!rotated.ok) throw new Error(`there is no key to sign tokens with: ${rotated.error.reason}`)
  const answer = platformIntegration(services)
  return {
    services,
    ask: async (method, path, body) => {
      const answered = await answer(requestOf(method, path, body), OPERATOR)
      await projected
      if (answered.status >= 300) throw new Error(refusalIn(String(answered.body)))
      return JSON.parse(String(answered.body) || 'null')
    },
    close: () => database.close(),
  }
}

const requestOf = (method: string, path: string, body: object | URLSearchParams | undefined) => ({
  id: randomUUID(),
  method,
  gatewayId: 'countersign',
  stage: 'test',
  path,
  wirePath: path,
  query: '',
  headers: [
    [
      'content-type',
      body instanceof URLSearchParams ? 'application/x-www-form-urlencoded' : 'application/json',
    ],
    ['idempotency-key', randomBytes(16).toString('hex')],
  ] as const,
  body: Buffer.from(textOf(body)),
})

const textOf = (body: object | URLSearchParams | undefined): string => {
  if (body === undefined) return ''
  return body instanceof URLSearchParams ? body.toString() : JSON.stringify(body)
}

interface ProblemBody {
  readonly detail?: string
  /** Of the OAuth endpoints (RFC 6749 §5.2). */
  readonly error_description?: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

/** A problem (RFC 9457) in one line, with everything that has to be mended. */
const refusalIn = (body: string): string => {
  const { detail, error_description, errors = [] } = JSON.parse(body) as ProblemBody
  return [detail ?? error_description, ...errors.map((error) => `${error.pointer}: ${error.detail}`)].join(
    '\n  ',
  )
}
