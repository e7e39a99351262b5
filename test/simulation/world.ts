import type { EventOf } from '@countersign/core/events'
import { epochSeconds, idFrom } from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import { type AuthorizerServices, make as makeAuthorizer } from '@countersign/functions/authorizer/authorize'
import type { Log, Services } from '@countersign/functions/runtime/services'
import { webhookReceivers } from '@countersign/functions/runtime/webhook-receivers'
import { sqliteWebhookDeliveries } from '@countersign/local'
import { createAuthorizerCache } from '@countersign/local/gateway'
import { type Random, randomOf, wholeBelow } from '../property/seed.ts'
import type { Bug } from './bugs.ts'
import type { LastSaid } from './hub.ts'
import { createKeyWatch, type KnownKey } from './key-watch.ts'
import { createOracle, type Known } from './oracle.ts'
import { createDirectory, identitiesOver } from './people.ts'
import { afflictAuthorizer, afflictIdentities, afflictServices } from './planted.ts'
import { createReminderWatch } from './reminders.ts'
import { createSealWatch } from './seals.ts'
import { createStore, type Sending, type Stored, saidOf } from './store.ts'
import { crossed, type Task } from './task.ts'
import { type Invariant, Violation } from './violation.ts'

export const ISSUER = 'https://countersign.simulated'
export const REFRESH_SECONDS = 60
const BEGINNING = Date.parse('2026-03-01T12:00:00Z')
const AUTHORIZERS = 3
const OPERATORS = 3

/** Clocks are this far from the true time at most, so that any two differ by 5 s at most. */
const LARGEST_OFFSET = 2_500

/** One function environment that is warm, with all that it remembers. */
export interface Authorizer {
  authorize: ReturnType<typeof makeAuthorizer>
  readonly tasks: Set<Task>
}

/** What there is before the first step; the same for every story. */
export interface Beginning {
  readonly hub: LastSaid | undefined
  readonly now: number
  readonly position: number
  readonly stored: Stored
  readonly known: Known
  readonly keys: ReadonlyMap<string, KnownKey>
  readonly secrets: ReadonlySet<string>
}

/** Everything there is in one run. */
export type World = ReturnType<typeof createWorld>

/** Long enough for key material or a signature; a text is looked at from where it begins only. */
const LONG_TEXTS = /(?<![\w-])[\w-]{43,}/g

const HOUR_MILLISECONDS = 3_600_000

/** What befalls one event between bus and queue: once or twice, late by hours, or undelivered, among the dead. */
export const road = (
  chance: Random,
  now: number,
  copy: number,
  bug: Bug | undefined,
): Sending | undefined => {
  if (copy > 0 && (copy > 1 || chance() > 0.2)) return undefined
  if (chance() < 0.04)
    return bug === 'the bus loses what it cannot deliver' ? undefined : { dead: true, visibleAt: 0 }
  return { dead: false, visibleAt: chance() < 0.06 ? now + chance() * 8 * HOUR_MILLISECONDS : 0 }
}

export const createWorld = (seed: number, bug: Bug | undefined, begun?: Beginning) => {
  const drawn = randomOf(seed ^ 0x5eed)
  const offsets = Array.from({ length: AUTHORIZERS + OPERATORS }, () =>
    Math.round((drawn() * 2 - 1) * LARGEST_OFFSET),
  )
  const world = {
    now: begun?.now ?? BEGINNING,
    chance: drawn,
    lastReason: '' as string | undefined,
    checkAll: false,
  }
  const violations: Violation[] = []
  const violate = (invariant: Invariant, detail: string): void => {
    violations.push(new Violation(invariant, detail))
  }
  const secrets = new Set<string>(begun?.secrets)
  const directory = createDirectory()
  /** Texts that look like key material or a signature are looked up among those that are known. */
  const inspect = (text: string): void => {
    for (const run of text.match(LONG_TEXTS) ?? [])
      if (secrets.has(run)) violate('secrets-never-written', `in ${text.slice(0, 60)}…`)
  }
  const reminders = createReminderWatch(violate)
  const seals = createSealWatch(violate)
  const told = (event: EventOf): void => {
    reminders.told(event)
    seals.told(event)
  }
  const store = createStore(violate, inspect, told, begun?.stored)
  const log: Log = (line) => {
    if (line.message === 'decision') world.lastReason = String(line.reason)
    if (line.message === 'a route failed' && !String(line.error).includes('cannot be reached'))
      violate('no-defect', `${line.route}: ${line.error}`)
    inspect(JSON.stringify(line))
  }
  const bytes = (count: number) => {
    const drawn = Buffer.allocUnsafe(count)
    for (let index = 0; index < count; index++) drawn[index] = wholeBelow(world.chance, 256)
    return drawn
  }
  const keys = createKeyWatch(violate, secrets, begun && new Map(structuredClone(begun.keys)))
  const keyRing: Services['keyRing'] = {
    ...store.ports.keyRing,
    promote: async (versionId, from) => {
      const text = await store.ports.keyRing.version(versionId)
      const promoted = await store.ports.keyRing.promote(versionId, from)
      const before = from === undefined ? undefined : await store.ports.keyRing.version(from)
      if (promoted.ok && text)
        keys.promoted(before && SigningKey.readRing(before), SigningKey.readRing(text), world.now)
      return promoted
    },
  }
  const settings = { issuer: ISSUER, ringRefreshSeconds: REFRESH_SECONDS }
  const clockOf = (offset: number) => () => new Date(world.now + offset)
  const afflicted = afflictServices({ ...store.ports, keyRing, settings }, store, bug)
  const ports = {
    ledger: crossed(afflicted.ledger),
    accessRows: { ...crossed(afflicted.accessRows), scan: afflicted.accessRows.scan },
    keyRing: crossed(afflicted.keyRing),
    sealKeys: crossed(afflicted.sealKeys),
    apiKeySecret: crossed(afflicted.apiKeySecret),
    gatewayKeys: crossed(afflicted.gatewayKeys),
    consumerKeyRings: (id: Parameters<Services['consumerKeyRings']>[0]) =>
      crossed(afflicted.consumerKeyRings(id)),
  }
  const services = (offset: number): Services => ({
    ...afflicted,
    ...ports,
    publisher: crossed({
      publish: async (events: Parameters<Services['publisher']['publish']>[0]) => {
        const refused = events.filter(() => world.chance() < 0.02)
        for (const event of events.filter((event) => !refused.includes(event)))
          store.send(saidOf(event), (copy) => road(world.chance, world.now, copy, bug))
        return refused.map(({ id: eventId }) => ({ eventId, retryable: true, detail: 'throttled' }))
      },
    }),
    pipeline: {
      status: async () => ({ unrelayed: 0, subscriptions: [] }),
      redrive: async (name) => {
        if (bug === 'a redrive loses the dead letters') return store.forgetDeadLetters()
        return store.queues.redrive(name, world.now)
      },
    },
    identities: afflictIdentities(identitiesOver(directory), bug),
    authorizerCaches: { flush: async () => 'flushed' },
    webhookDeliveries: sqliteWebhookDeliveries(store.queues, clockOf(offset), () => {}),
    webhookReceivers: webhookReceivers({ allowedHosts: () => [], clock: clockOf(offset) }),
    clock: clockOf(offset),
    newId: (kind) => idFrom(kind, bytes(16)),
    randomBytes: bytes,
    log,
  })
  const operators = offsets.slice(AUTHORIZERS).map(services)
  const authorizerOf = (index: number): AuthorizerServices => {
    const offset = offsets[index] ?? 0
    return afflictAuthorizer({ ...services(offset), settings, keyRing: crossed(keyRing) }, world, bug)
  }
  const warm = (index: number): Authorizer => ({
    authorize: makeAuthorizer(authorizerOf(index)),
    tasks: new Set(),
  })
  return Object.assign(world, {
    bug,
    store,
    oracle: createOracle(begun && structuredClone(begun.known)),
    directory,
    /** Who asked the directory, and may still act on what it said. */
    asking: new Set<object>(),
    /** Who makes the gateway's keys as the ledger has them, and has not ended. */
    provisioning: new Set<object>(),
    violations,
    violate,
    inspect,
    secrets,
    keys,
    reminders,
    seals,
    hub: { last: begun?.hub },
    operators,
    projector: services(offsets[OPERATORS] ?? 0),
    authorizers: Array.from({ length: AUTHORIZERS }, (_, index) => warm(index)),
    warm,
    cache: createAuthorizerCache(),
    /** When the deployment row of a gateway was written last. */
    changedAt: new Map<string, number>(),
    parked: new Set<Task>(),
    relay: { position: begun?.position ?? 0, task: undefined as Task | undefined },
    rotation: { token: '', step: 0 },
    seconds: () => epochSeconds(new Date(world.now)),
  })
}
