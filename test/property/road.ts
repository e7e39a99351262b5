import type { EventOf } from '@countersign/core/events'
import type { Row } from '@countersign/core/shared'
import type { Platform } from '@countersign/local'
import { expect } from 'vitest'
import { callUrl, type startWorld } from '../support/world.ts'
import { eventually } from './eventually.ts'
import { acknowledged, type Command, isRefused, type KnownToken, type Story } from './kill-story.ts'

/** A platform in this process, whose ports a test can reach. */
export type LocalWorld = Awaited<ReturnType<typeof startWorld>>

/** Sends a command of a story and takes note of its acknowledgement. */
export const perform = async (world: LocalWorld, command: Command): Promise<void> => {
  const { key, method, path, body } = command
  const rawHeaders = ['idempotency-key', key, 'content-type', 'application/json']
  const call = { method, path, token: world.credential, rawHeaders }
  command.learn(acknowledged(command, await callUrl(world.api, call, JSON.stringify(body))))
}

export const statusOf = async (world: LocalWorld, { presented, gatewayId }: KnownToken): Promise<number> =>
  (await world.call({ path: `/${gatewayId}/v1/things`, token: presented })).status

/** 401; or 403 as long as the gateway has not even been told who lives at the URL. */
export const REFUSED: readonly number[] = [401, 403]

/** Every refusal that was acknowledged so far, asked of the gateway, in whatever state the pipeline is. */
export const expectRefusals = async (world: LocalWorld, story: Story): Promise<void> => {
  for (const token of story.tokens.filter(isRefused))
    expect(REFUSED, `${token.id} ${token.state}`).toContain(await statusOf(world, token))
}

/** Until nothing is on the road any more but dead letters. */
export const delivered = ({ drain, services }: Platform): Promise<true> =>
  eventually('an empty road', async () => {
    await drain()
    const { unrelayed, subscriptions } = await services.pipeline.status()
    const onTheRoad = subscriptions.reduce((sum, { waiting, inFlight }) => sum + waiting + inFlight, 0)
    return unrelayed === 0 && onTheRoad === 0 ? true : undefined
  })

export const rowsOf = async (platform: Platform): Promise<ReadonlyMap<string, Row>> => {
  const { rebuilt, live } = await platform.readModels()
  expect(new Map(live)).toEqual(new Map(rebuilt))
  return live
}

export const everyEvent = async ({ services: { ledger } }: Platform): Promise<readonly EventOf[]> => {
  const events: EventOf[] = []
  let after: string | undefined
  do {
    const page = await ledger.events({ limit: 500, after })
    events.push(...page.items)
    after = page.next
  } while (after !== undefined)
  return events
}
