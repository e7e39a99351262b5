import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { EventOf } from '@countersign/core/events'
import { make as makeAuthorizer } from '@countersign/functions/authorizer/authorize'
import type { LogLine } from '@countersign/functions/runtime/services'
import { makeFrom, openDatabase, type Platform, sqliteQueues } from '@countersign/local'
import { schedules } from '@countersign/topology'
import type { APIGatewayRequestAuthorizerEvent } from 'aws-lambda'
import { sqliteTampering } from './tampering.ts'
import type { Levers, Part } from './world.ts'

/** The levers of a platform on this machine. */
export const localLevers = (platform: Platform, data: string, lines: readonly LogLine[]): Levers => {
  const authorize = makeAuthorizer(platform.services)
  return {
    attach: async () => {}, // the gateway stands before whatever deployment is registered
    hold: async (part) => hold(platform, part),
    deliver: async (queue, body) => {
      const database = openDatabase(join(data, 'countersign.sqlite'))
      const message = { queue, body, eventId: randomUUID(), eventType: 'delivered by hand', visibleAt: 0 }
      sqliteQueues(database).send([message])
      database.close()
    },
    replay: async () => {
      const events: EventOf[] = []
      let after: string | undefined
      do {
        const page = await platform.services.ledger.events({ limit: 100, after })
        events.push(...page.items)
        after = page.next
      } while (after !== undefined)
      await platform.services.publisher.publish(events.toReversed())
    },
    authorize: ({ methodArn, headers }) =>
      authorize({
        type: 'REQUEST',
        methodArn,
        headers,
        multiValueHeaders: null,
      } as unknown as APIGatewayRequestAuthorizerEvent).catch((error: unknown) => {
        if (error instanceof Error && error.message === 'Unauthorized') return 'Unauthorized' as const
        throw error
      }),
    run: async (schedule) => {
      const run = await makeFrom<object, void>(schedules[schedule].module, platform.services)
      await run({})
    },
    tamper: sqliteTampering(join(data, 'countersign.sqlite')),
    logged: async () => [...lines],
  }
}

/** The relay waits before the bus, a reader before the read model; both go on as if nothing had been. */
const hold = ({ services }: Platform, part: Part): (() => Promise<void>) => {
  const gate = Promise.withResolvers<void>()
  const [port, member] = part === 'Relay' ? [services.publisher, 'publish'] : [services.accessRows, 'write']
  const original: unknown = Reflect.get(port, member)
  if (typeof original !== 'function') throw new Error(`nothing to hold at ${member}`)
  const held = async (...given: readonly unknown[]): Promise<unknown> => {
    await gate.promise
    return Reflect.apply(original, port, given)
  }
  Reflect.set(port, member, held)
  return async () => {
    Reflect.set(port, member, original)
    gate.resolve()
  }
}
