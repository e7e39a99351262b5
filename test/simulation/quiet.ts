import { isDeepStrictEqual } from 'node:util'
import { Access } from '@countersign/core/access'
import type { Api } from '@countersign/core/registry'
import { formatRoute, type Row } from '@countersign/core/shared'
import type { Token } from '@countersign/core/token'
import { loadConsumer, loadKeyLog, loadToken } from '@countersign/functions/runtime/entities'
import { make as advanceSigningKeys } from '@countersign/functions/schedules/advance-signing-keys'
import { visit } from './authorizing.ts'
import type { KnownToken } from './oracle.ts'
import { advance, ask, deliverOnce, relayOnce } from './perform.ts'
import { QUEUE } from './store.ts'
import { kill, settled } from './task.ts'
import type { World } from './world.ts'

const HOUR_MILLISECONDS = 3_600_000

/** Everybody is let finish, and everything delivered; then what the log says is what is so. */
export const checkQuiet = async (world: World): Promise<void> => {
  for (const task of [...world.parked]) {
    task.release()
    await settled()
    kill(task)
  }
  world.parked.clear()
  world.relay.task = undefined
  await drain(world)
  advance(world, 130_000)
  const [operator] = world.operators
  if (operator) await advanceSigningKeys(operator)()
  await drain(world)
  advance(world, 130_000)
  await checkSaid(world)
  await checkRebuilt(world)
  for (const token of world.oracle.tokens) await checkToken(world, token)
}

const drain = async (world: World): Promise<void> => {
  for (let rounds = 0; rounds < 400; rounds++) {
    const { waiting, inFlight, dead } = world.store.queues.status(QUEUE)
    const unrelayed = world.store.streamAfter(world.relay.position, 1).length
    if (unrelayed + waiting + inFlight + dead === 0) return
    if (unrelayed > 0) await relayOnce(world, undefined)
    if (waiting + inFlight > 0 && !(await deliverOnce(world, undefined))) advance(world, 31_000)
    if (dead > 0) await redrive(world)
  }
  const left = {
    unrelayed: world.store.streamAfter(world.relay.position, 1).length,
    ...world.store.queues.status(QUEUE),
  }
  world.violate('acknowledged-never-lost', `the road is never empty: ${JSON.stringify(left)}`)
}

const redrive = async (world: World): Promise<void> => {
  const route = 'POST /pipeline/{subscription}/redrive'
  const command = {
    route,
    path: { subscription: QUEUE },
    key: 'quiet',
    askedAt: world.now,
    first: undefined,
  } as const
  await ask(world, command, { pick: 0 })
}

/** Every acknowledged fact is in the log, and what can happen once happened once. */
const checkSaid = async (world: World): Promise<void> => {
  const counts = new Map<string, number>()
  for (const { type, subject } of world.store.events()) {
    const name = `${type} ${subject}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  for (const [name, how] of world.oracle.said) {
    const count = counts.get(name) ?? 0
    if (count === 0) world.violate('acknowledged-never-lost', `${name} is not in the log`)
    if (how === 'once' && count > 1)
      world.violate('repeated-never-doubled', `${name} is in the log ${count} times`)
  }
}

/** Row for row; those whose time is over in neither. */
const checkRebuilt = async (world: World): Promise<void> => {
  const isDue = ([, { sweepAfter }]: readonly [string, Row]) => (sweepAfter ?? Infinity) > world.seconds()
  const rebuilt = new Map([...Access.rebuild(world.store.events())].filter(isDue))
  const live = new Map([...(await world.store.rowsNow())].filter(isDue))
  for (const key of new Set([...rebuilt.keys(), ...live.keys()]))
    if (!isDeepStrictEqual(rebuilt.get(key), live.get(key)))
      world.violate('rebuilt-is-live', `${key}: ${JSON.stringify(live.get(key))?.slice(0, 200)}`)
}

/** Now that nothing is on its way, a token opens exactly what the ledger says. */
const checkToken = async (world: World, token: KnownToken): Promise<void> => {
  const { ledger } = world.store.ports
  const { state } = await loadToken(ledger, token.id)
  const consumer = await loadConsumer(ledger, token.consumerId)
  const keys = (await loadKeyLog(ledger)).state?.keys ?? {}
  const api = await ledger.load<Api>('api', token.apiId)
  const stands =
    isActive(state, world.now) && consumer.state?.status === 'active' && !keys[token.kid]?.compromised
  for (const [index, route] of token.routes.entries()) {
    const open = stands && opens(api.state, token, route)
    // What the gateway has and the document has not can be reached by a kept pattern (SECURITY.md).
    const reachedByPattern = stands && token.slot === 1
    const asked = { presented: token.presented, slot: token.slot, route, authorizer: index, fate: undefined }
    if (Math.abs(token.expiresAt * 1_000 - world.now) < HOUR_MILLISECONDS / 60) continue
    await visit(world, asked, (status) => {
      const who = `${token.id} at ${route}, when all is quiet`
      if (open && status !== 200) world.violate('good-never-refused', `${who}: ${status} ${world.lastReason}`)
      if (!open && status === 200 && !reachedByPattern) world.violate('refused-never-accepted', who)
    })
  }
}

const isActive = (token: Token.Token | undefined, now: number): boolean =>
  token?.status === 'active' && Date.parse(token.expiresAt) > now

const opens = (api: Api | undefined, { slot }: KnownToken, route: string): boolean => {
  const here = api?.deployments.some(({ coordinates }) => coordinates.gatewayId === `gw${slot}`) ?? false
  return (
    here && api?.status !== 'deregistered' && (api?.routes.some((one) => formatRoute(one) === route) ?? false)
  )
}
