import { ApiKeys } from '@countersign/core/api-key'
import { Redacted, sameCoordinates } from '@countersign/core/shared'
import { loadApiKey, loadConsumer } from '@countersign/functions/runtime/entities'
import type { Services } from '@countersign/functions/runtime/services'
import { type Command, coordinatesOf } from './commands.ts'
import { type Operation, taken } from './operations.ts'
import type { World } from './world.ts'

/** An API key that somebody was handed, with every value that it had. */
export interface KnownApiKey {
  readonly id: string
  readonly consumerId: string
  readonly values: KnownValue[]
}

interface KnownValue {
  readonly generation: number
  readonly value: string
  /** When it was acknowledged that it opens nothing any more; and whether the gateway was told since. */
  closedAt?: number
  told?: boolean
}

const API = 'keyed'
const PLAN = 'gold'
const ENVIRONMENT = 'staging'
/** Behind a gateway of its own, which has no slot. */
const COORDINATES = { ...coordinatesOf(0), gatewayId: 'gw8' }

/** What there is before the first key: the secret that keys are derived from, and an API with a plan. */
export const beginKeys = async (world: World, services: Services): Promise<void> => {
  const secret = Buffer.from(services.randomBytes(64)).toString('base64url')
  world.secrets.add(secret)
  await services.apiKeySecret.create(new Redacted(secret))
}

export const KEYED: readonly (() => Command)[] = [
  () => ({
    route: 'PUT /apis/{name}',
    path: { name: API },
    body: { routes: [{ method: 'GET', path: '/k', authorization: 'api-key' }] },
  }),
  () => ({
    route: 'PUT /apis/{name}/deployments/{environment}',
    path: { name: API, environment: ENVIRONMENT },
    body: COORDINATES,
  }),
  () => ({
    route: 'PUT /usage-plans/{name}',
    path: { name: PLAN },
    body: { api: API, environment: ENVIRONMENT },
  }),
]

export const createKey = (world: World, consumer: string): Command => ({
  route: 'POST /api-keys',
  body: { consumer, plans: [PLAN] },
  learn: (body) => {
    const id = String(body.id)
    if (typeof body.key !== 'string' || world.oracle.apiKeys.some((known) => known.id === id)) return
    const known: KnownApiKey = { id, consumerId: String(body.consumer), values: [] }
    world.oracle.apiKeys.push(known)
    world.oracle.said.set(`api-key.created ${id}`, 'once')
    learnValue(world, known, body.key, Number(body.generation))
  },
})

const learnValue = (world: World, known: KnownApiKey, value: string, generation: number): void => {
  if (known.values.some((one) => one.generation === generation)) return
  world.secrets.add(value)
  known.values.push({ generation, value })
}

/** The value before works for another hour, or ends at once; those before it have ended in any case. */
export const rotateKey = (world: World, known: KnownApiKey, overlaps: boolean): Command => ({
  route: 'POST /api-keys/{id}/rotation',
  path: { id: known.id },
  body: overlaps ? { overlap: '1h' } : { now: true },
  learn: (body) => {
    const generation = Number(body.generation)
    if (typeof body.key === 'string') learnValue(world, known, body.key, generation)
    close(world, known, overlaps ? generation - 2 : generation - 1)
  },
})

export const disableKey = (world: World, known: KnownApiKey): Command => ({
  route: 'POST /api-keys/{id}/disablement',
  path: { id: known.id },
  body: {},
  terminal: true,
  learn: () => close(world, known, Infinity),
})

const close = ({ oracle }: World, { values }: KnownApiKey, upTo: number): void => {
  const at = oracle.begin([], [])
  for (const value of values) if (value.generation <= upTo) value.closedAt ??= at
}

/** As a gateway looks at it that is asked with it. */
const opens = ({ store }: World, value: string): boolean =>
  store.gateway
    .plansOf(value)
    ?.some(({ plan }) => plan.stages.some((stage) => sameCoordinates(stage, COORDINATES))) ?? false

/** Somebody calls with a key, more often than not with one that opens nothing any more. */
export const callWithKey = (world: World, { pick, other }: Operation): void => {
  const known = taken(world.oracle.apiKeys, pick)
  if (known) checkTold(world, known, taken(known.values, other))
}

const checkTold = (world: World, { id }: KnownApiKey, value: KnownValue | undefined): void => {
  if (value?.told && opens(world, value.value))
    world.violate(
      'refused-never-accepted',
      `value ${value.generation} of ${id}, of which the gateway was told`,
    )
}

/** A message about a key was worked on to its end by one who began at that time and was alone. */
export const gatewayWasTold = (world: World, subject: string, begun: number): void => {
  const known = world.oracle.apiKeys.find(({ id }) => id === subject)
  for (const value of known?.values ?? [])
    if (value.closedAt !== undefined && value.closedAt < begun) value.told = true
  if (known) for (const value of known.values) checkTold(world, known, value)
}

const TOLERANCE_MILLISECONDS = 10_000

/** When all is quiet, the gateway has exactly the values that the ledger says, and none that was acknowledged as closed. */
export const checkKeys = async (world: World): Promise<void> => {
  const { ledger } = world.store.ports
  for (const { id, consumerId, values } of world.oracle.apiKeys) {
    const { state } = await loadApiKey(ledger, id)
    const consumer = (await loadConsumer(ledger, consumerId)).state
    const good = state && consumer?.status === 'active' ? ApiKeys.valuesAt(state, new Date(world.now)) : []
    if (Math.abs(Date.parse(state?.previous?.until ?? '') - world.now) < TOLERANCE_MILLISECONDS) continue
    for (const { generation, value, closedAt } of values) {
      const who = `value ${generation} of ${id}, when all is quiet`
      const isGood = good.some((one) => one.generation === generation)
      if (opens(world, value) && (!isGood || closedAt !== undefined))
        world.violate('refused-never-accepted', who)
      else if (isGood && !opens(world, value)) world.violate('good-never-refused', who)
    }
  }
}
