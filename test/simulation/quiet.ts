import { isDeepStrictEqual } from 'node:util'
import { Access } from '@countersign/core/access'
import type { Lockdown } from '@countersign/core/lockdown'
import type { Api } from '@countersign/core/registry'
import { formatRoute, lockdownEntriesAt, type Row } from '@countersign/core/shared'
import { Token } from '@countersign/core/token'
import { loadConsumer, loadKeyLog, loadToken } from '@countersign/functions/runtime/entities'
import { make as advanceSigningKeys } from '@countersign/functions/schedules/advance-signing-keys'
import { checkKeys } from './api-keys.ts'
import { SLOTS } from './commands.ts'
import { checkHub } from './hub.ts'
import { taken } from './operations.ts'
import type { KnownToken } from './oracle.ts'
import { advance, ask } from './perform.ts'
import { deliverOnce, relayOnce } from './road.ts'
import { remind, retireKeys, sweepSets } from './schedules.ts'
import { checkSeals } from './seals.ts'
import { QUEUES } from './store.ts'
import { kill, settled } from './task.ts'
import { cacheTime, visit } from './visiting.ts'
import type { World } from './world.ts'

const DRAINED_AT_ONCE = 20
const MINUTE_MILLISECONDS = 60_000

/** Everybody is let finish, and everything delivered; then what the log says is what is so. */
export const checkQuiet = async (world: World, check: () => Promise<void>): Promise<void> => {
  for (const task of [...world.parked]) {
    task.release()
    await settled()
    kill(task)
  }
  world.parked.clear()
  world.relay.task = undefined
  await drain(world)
  advance(world, 130_000)
  await sweepSets(world, { pick: 0 })
  const [operator] = world.operators
  if (operator) await advanceSigningKeys(operator)()
  await drain(world)
  advance(world, 130_000)
  await retireAll(world)
  await checkSaid(world)
  await checkRebuilt(world)
  await checkHub(world)
  await checkKeys(world)
  for (const token of world.oracle.tokens) await checkToken(world, token)
  if (world.oracle.hasSets()) await checkLifted(world, check)
  await checkReminded(world)
  await checkSeals(world)
}

/** What the schedule says may be hours on its way, in which the time of other keys is over: until nothing took long. */
const retireAll = async (world: World): Promise<void> => {
  for (let before = -Infinity; world.now - before > MOMENT_MILLISECONDS; ) {
    before = world.now
    await retireKeys(world, { pick: 0 })
    await drain(world)
  }
}

const MOMENT_MILLISECONDS = 5_000
const DAY_MILLISECONDS = 86_400_000

/** A day later, and after two runs of which the second has nothing to say, nobody is left who was not told. */
const checkReminded = async (world: World): Promise<void> => {
  advance(world, DAY_MILLISECONDS)
  for (const pick of [0, 1]) await remind(world, { pick })
  for (const token of world.oracle.tokens) {
    const { state } = await loadToken(world.store.ports.ledger, token.id)
    if (state && isActive(state, world.now) && Token.isIssued(state) && state.successorId === undefined)
      world.reminders.checkTold(lifeOf(token), world.now)
  }
}

/** As long as a set stands at least, and a little more. */
const SETS_STAND_MILLISECONDS = 87_000_000

/** When every token of every set was revoked, and what the ledger does not know of is over, no set is on the fence. */
const checkLifted = async (world: World, check: () => Promise<void>): Promise<void> => {
  advance(world, SETS_STAND_MILLISECONDS)
  await sweepSets(world, { pick: 0 })
  await sweepSets(world, { pick: 1 })
  await check()
  await drain(world)
  await checkRebuilt(world)
  const key = Access.fenceRowKey(0)
  const fence = (await world.store.read([key])).get(key)
  for (const [entry, { value }] of Object.entries(fence?.registers ?? {}))
    if (entry.startsWith('issued-before') && value !== null)
      world.violate('sets-leave-the-fence', `${entry} stands, and nothing is left of it`)
}

/** Until everything is delivered, the dead letters too. */
export const drain = async (world: World): Promise<void> => {
  const left = () => ({
    unrelayed: world.store.streamAfter(world.relay.position, 1).length,
    ...world.store.onTheirWay(),
  })
  for (let rounds = 0; rounds < 400; rounds++) {
    const { unrelayed, alive, dead, next } = left()
    if (unrelayed + alive + dead === 0) return
    if (unrelayed > 0) await relayOnce(world, undefined)
    if (alive > 0 && !(await deliverOnce(world, { pick: rounds }, DRAINED_AT_ONCE)))
      advance(world, Math.max(1_000, next - world.now))
    if (dead > 0) await redrive(world, rounds)
  }
  world.violate('acknowledged-never-lost', `the road is never empty: ${JSON.stringify(left())}`)
}

const redrive = async (world: World, pick: number): Promise<void> => {
  const route = 'POST /pipeline/{subscription}/redrive'
  const command = {
    route,
    path: { subscription: taken(QUEUES, pick) ?? '' },
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
  const locked = await isLocked(world, token)
  const ends = [token.expiresAt, token.endsAt ?? token.expiresAt].map((end) => end * 1_000)
  const stands =
    isActive(state, world.now) && consumer.state?.status === 'active' && !keys[token.kid]?.compromised
  for (const [index, route] of token.routes.entries()) {
    const open = stands && !locked && opens(api.state, token, route)
    // What the gateway has and the document has not can be reached by a kept pattern (SECURITY.md).
    const reachedByPattern = stands && cacheTime(token.slot) > 0
    // Each route costs a decision of a warm authorizer; what the others do with its rows was looked at after every step.
    if (index !== token.issuedAt % token.routes.length) continue
    const asked = { presented: token.presented, slot: token.slot, route, authorizer: index, fate: undefined }
    if (ends.some((end) => Math.abs(end - world.now) < MINUTE_MILLISECONDS)) continue
    await visit(world, asked, (status) => {
      const who = `${token.id} at ${route}, when all is quiet`
      if (open && status !== 200) world.violate('good-never-refused', `${who}: ${status} ${world.lastReason}`)
      if (!open && status === 200 && !reachedByPattern) world.violate('refused-never-accepted', who)
    })
  }
}

const lifeOf = ({ id, issuedAt, expiresAt }: KnownToken) => ({
  id,
  issuedAt: issuedAt * 1_000,
  expiresAt: expiresAt * 1_000,
})

const isLocked = async ({ store }: World, { apiId, slot }: KnownToken): Promise<boolean> => {
  const environment = SLOTS[slot]?.environment ?? ''
  const entries = lockdownEntriesAt({ apiId: apiId as `api_${string}`, environment })
  const places = entries.map((entry) => store.ports.ledger.load<Lockdown>('lockdown', entry))
  return (await Promise.all(places)).some(({ state }) => state?.status === 'begun')
}

const isActive = (token: Token.Token | undefined, now: number): boolean =>
  token !== undefined && Token.stateAt(token, new Date(now)) === 'active'

const opens = (api: Api | undefined, { slot }: KnownToken, route: string): boolean => {
  const here = api?.deployments.some(({ coordinates }) => coordinates.gatewayId === `gw${slot}`) ?? false
  return (
    here && api?.status !== 'deregistered' && (api?.routes.some((one) => formatRoute(one) === route) ?? false)
  )
}
