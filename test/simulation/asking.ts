import { formatRoute } from '@countersign/core/shared'
import { createKey, disableKey, rotateKey } from './api-keys.ts'
import { grantConsumer, register, rotateSecret } from './asking-consumers.ts'
import { changeRules, signIn, signOut } from './asking-people.ts'
import { approve, collect, issue, reject, reroll } from './asking-tokens.ts'
import { type Command, coordinatesOf, ROUTE_NAMES, SLOTS, VARIANTS } from './commands.ts'
import { beginLockdown, liftLockdown, lockdownsOfApi } from './lockdowns.ts'
import { type Operation, taken } from './operations.ts'
import type { Cause, KnownToken } from './oracle.ts'
import { QUEUES } from './store.ts'
import type { World } from './world.ts'

const slotName = (slot: number): string => SLOTS[slot]?.name ?? ''

const DAY_MILLISECONDS = 86_400_000

export const publish = (slot: number, variant: number): Command => {
  const routes = taken(VARIANTS, variant) ?? []
  const named = routes.map(formatRoute)
  const cause = (name: string): Cause => `unpublished ${slot} ${name}`
  return {
    route: 'PUT /apis/{name}',
    path: { name: slotName(slot) },
    body: { routes },
    refuses: ROUTE_NAMES.filter((name) => !named.includes(name)).map(cause),
    undoes: named.map(cause),
  }
}

export const deploy = (slot: number): Command => ({
  route: 'PUT /apis/{name}/deployments/{environment}',
  path: { name: slotName(slot), environment: SLOTS[slot]?.environment ?? '' },
  body: { ...coordinatesOf(slot), authorizerCacheTtlSeconds: SLOTS[slot]?.ttlSeconds ?? 0 },
  undoes: [`undeployed ${slot}`],
})

const deregister = (slot: number): Command => ({
  route: 'DELETE /apis/{name}',
  path: { name: slotName(slot) },
  refuses: [`undeployed ${slot}`],
  undoes: lockdownsOfApi(slot),
  alsoRefuses: ({ id }) => [`closed ${id}`],
})

const ofToken = (token: KnownToken, what: 'disable' | 'enable'): Command => ({
  route: what === 'disable' ? 'POST /tokens/{id}/disablement' : 'POST /tokens/{id}/enablement',
  path: { id: token.id },
  [what === 'disable' ? 'refuses' : 'undoes']: [`disabled ${token.id}`],
})

const revoke = ({ oracle }: World, { id }: KnownToken): Command => ({
  route: 'POST /tokens/{id}/revocation',
  path: { id },
  body: { reason: 'requested' },
  refuses: [`revoked ${id}`],
  terminal: true,
  learn: () => void oracle.said.set(`token.revoked ${id}`, 'once'),
})

const suspend = ({ oracle }: World, consumer: string): Command => ({
  route: 'POST /consumers/{id}/suspension',
  path: { id: consumer },
  body: {},
  refuses: [`suspended ${consumer}`],
  learn: () => void oracle.said.set(`consumer.suspended ${consumer}`, 'some'),
})

const resume = (consumer: string): Command => ({
  route: 'POST /consumers/{id}/resumption',
  path: { id: consumer },
  body: {},
  undoes: [`suspended ${consumer}`],
})

const compromise = ({ oracle }: World, kid: string): Command => ({
  route: 'POST /signing-keys/{kid}/compromise',
  path: { kid },
  body: {},
  refuses: [`given up ${kid}`],
  terminal: true,
  brief: true,
  learn: () => void oracle.said.set('signing-key.compromised key-ring', 'some'),
})

const HOUR_SECONDS = 3_600

/** Everything of a consumer, a key, an API, or everybody's that was issued until now, or until an hour ago. */
const revokeSet = (world: World, consumer: string, kid: string, { pick, other }: Operation): Command => {
  const api = taken(world.oracle.tokens, other)?.apiId
  const everybody = [{ everybody: true }, 'everybody'] as const
  const targets = [
    [{ consumer }, consumer] as const,
    [{ kid }, kid] as const,
    api === undefined ? everybody : ([{ api }, api] as const),
    everybody,
  ]
  const [named, target] = taken(targets, pick) ?? everybody
  const ago = other % 3 === 0 ? HOUR_SECONDS : undefined
  const before = ago === undefined ? undefined : world.seconds() - ago
  const body = { ...named, reason: 'requested', ...(before && { issuedBefore: instant(before) }) }
  return {
    route: 'POST /revocations',
    body,
    terminal: true,
    set: { target, ...(before && { before }) },
    learn: ({ issuedBefore }) =>
      world.oracle.markSet(target, Date.parse(String(issuedBefore)) / 1_000, world.now),
  }
}

const instant = (seconds: number): string => new Date(seconds * 1_000).toISOString()

const refuseOwn = (consumerId: string, name: string): Command => ({
  route: 'POST /revocations',
  body: { consumer: consumerId, token: name, reason: 'requested' },
  refuses: [`refused ${consumerId} ${name}`],
  terminal: true,
})

/** What somebody asks for in this operation, where there is anything to ask. */
export const commandOf = (world: World, operation: Operation): Command | undefined => {
  const { kind, pick, other } = operation
  const { oracle } = world
  const slot = other % SLOTS.length
  const token = taken(oracle.tokens, pick)
  const request = taken(oracle.requests.slice(-3), pick)
  const session = taken(oracle.sessions.slice(-5), pick)
  const holders = [...oracle.consumers, ...oracle.signers.map(({ consumerId }) => consumerId)]
  const consumer = taken(holders, pick) ?? ''
  const signer = taken(oracle.signers, pick)
  const own = taken(signer?.signed ?? [], other)
  const kid = taken(world.keys.kids(), pick) ?? ''
  const apiKey = taken(oracle.apiKeys, pick)
  switch (kind) {
    case 'issue':
      return issue(world, taken(oracle.consumers, pick) ?? '', slot, other >> 2)
    case 'approve':
      return request && approve(world, request, other % 5 === 0)
    case 'reject':
      return request && reject(request)
    case 'collect':
      return request && collect(world, request, other % 7 === 0)
    case 'reroll':
      return token && reroll(world, taken(oracle.tokens.slice(-8), pick) ?? token, other)
    case 'revoke':
      return token && revoke(world, token)
    case 'disable':
    case 'enable':
      return token && ofToken(token, kind)
    case 'revokeSet':
      return revokeSet(world, consumer, taken(world.keys.kids(), other) ?? '', operation)
    case 'createKey':
      return createKey(world, taken(oracle.consumers, pick) ?? '')
    case 'rotateKey':
      return apiKey && rotateKey(world, apiKey, other % 2 === 0)
    case 'disableKey':
      return apiKey && disableKey(world, apiKey)
    case 'lockdown':
      return beginLockdown(world, pick)
    case 'liftLockdown':
      return liftLockdown(world, pick)
    case 'suspend':
      return suspend(world, consumer)
    case 'resume':
      return resume(consumer)
    case 'register':
      return register(world, pick % 3 === 0)
    case 'publish':
      return publish(slot, pick)
    case 'deploy':
      return deploy(slot)
    case 'deregister':
      return deregister(slot)
    case 'changeRules':
      return changeRules(slot, pick)
    case 'signIn':
      return signIn(world, pick)
    case 'signOut':
      return session && signOut(world, session)
    case 'rotate':
      return { route: 'POST /signing-keys/rotation', body: {}, brief: true }
    case 'compromise':
      return compromise(world, kid)
    case 'grantConsumer':
      return signer && grantConsumer(signer.consumerId, other, pick >> 2)
    case 'rotateSecret':
      return signer && rotateSecret(world, signer, other % 2 === 0)
    case 'refuseOwn':
      return signer && own && refuseOwn(signer.consumerId, own.name)
    case 'redrive':
      return {
        route: 'POST /pipeline/{subscription}/redrive',
        path: { subscription: taken(QUEUES, pick) ?? '' },
      }
    default:
      return undefined
  }
}

/** A command whose answer is still kept; repeated with the same key. */
export const isRepeatable = (askedAt: number, now: number): boolean => now - askedAt < DAY_MILLISECONDS * 0.8
