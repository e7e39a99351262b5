import { formatRoute } from '@countersign/core/shared'
import { type Command, coordinatesOf, ROUTE_NAMES, SLOTS, VARIANTS } from './commands.ts'
import type { Operation } from './operations.ts'
import type { Cause, KnownToken } from './oracle.ts'
import type { World } from './world.ts'

export const taken = <T>(items: readonly T[], pick: number): T | undefined =>
  items[pick % Math.max(1, items.length)]

const slotName = (slot: number): string => SLOTS[slot]?.name ?? ''
const EXPIRIES = ['1h', '1d', '30d'] as const
/** Which of an API's routes a token opens. */
const SUBSETS = [
  ROUTE_NAMES,
  ROUTE_NAMES.slice(0, 1),
  ROUTE_NAMES.slice(1, 2),
  ROUTE_NAMES.slice(0, 2),
] as const

const DAY_MILLISECONDS = 86_400_000

export const issue = (world: World, consumer: string, slot: number, other: number): Command => ({
  route: 'POST /tokens',
  body: {
    consumer,
    grants: [{ api: slotName(slot), environment: 'staging', routes: taken(SUBSETS, other) ?? [] }],
    expiresIn: taken(EXPIRIES, other >> 3) ?? '1h',
  },
  terminal: true,
  learn: (body) => learnToken(world, body, slot),
})

const learnToken = (world: World, body: Readonly<Record<string, unknown>>, slot: number): void => {
  const { oracle } = world
  const id = String(body.id)
  if (typeof body.token !== 'string' || oracle.tokens.some((known) => known.id === id)) return
  const [grant] = body.grants as [{ apiId: string; routes: string[] }]
  const token: KnownToken = {
    id,
    slot,
    presented: body.token,
    kid: String(body.kid),
    consumerId: String(body.consumer),
    apiId: grant.apiId,
    routes: grant.routes,
    issuedAt: Math.floor(Date.parse(String(body.issuedAt)) / 1_000),
    expiresAt: Math.floor(Date.parse(String(body.expiresAt)) / 1_000),
  }
  world.secrets.add(body.token.split('.')[2] ?? '')
  oracle.tokens.push(token)
  oracle.said.set(`token.issued ${id}`, 'once')
  world.keys.signed(token)
}

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
  path: { name: slotName(slot), environment: 'staging' },
  body: { ...coordinatesOf(slot), authorizerCacheTtlSeconds: SLOTS[slot]?.ttlSeconds ?? 0 },
})

export const register = (world: World, selfSigning: boolean): Command => ({
  route: 'POST /consumers',
  body: { name: 'consumer', type: 'service', owner: 'team', ...(selfSigning && { selfSigning: {} }) },
  learn: (body) => {
    const id = String(body.id)
    world.oracle.said.set(`consumer.registered ${id}`, 'once')
    if (!selfSigning) return void world.oracle.consumers.push(id)
    const signer = { consumerId: id, keys: [], signed: [] }
    world.oracle.signers.push(signer)
    learnSecret(world, signer.consumerId, body)
  },
})

const learnSecret = (world: World, consumerId: string, body: Readonly<Record<string, unknown>>): void => {
  const secret = body.secret as { kid: string; k: string } | undefined
  const signer = world.oracle.signers.find((one) => one.consumerId === consumerId)
  if (!secret || !signer || signer.keys.some(({ kid }) => kid === secret.kid)) return
  world.secrets.add(secret.k)
  signer.keys.push({ kid: secret.kid, k: secret.k })
}

export const rotateSecret = (world: World, consumerId: string): Command => {
  const signer = world.oracle.signers.find((one) => one.consumerId === consumerId)
  return {
    route: 'POST /consumers/{id}/secret',
    path: { id: consumerId },
    body: { overlap: '0s' },
    refuses: (signer?.keys ?? []).map(({ kid }) => `rotated ${kid}`),
    brief: true,
    learn: (body) => learnSecret(world, consumerId, body),
  }
}

export const grantConsumer = (consumerId: string, slot: number, other: number): Command => {
  const given = other % 4 === 0 ? [] : (taken(SUBSETS, other) ?? [])
  const cause = (at: number, name: string): Cause => `ungranted ${consumerId} ${at} ${name}`
  const all = SLOTS.flatMap((_, at) => ROUTE_NAMES.map((name) => ({ at, name })))
  const isGiven = ({ at, name }: { at: number; name: string }) => at === slot && given.includes(name)
  return {
    route: 'PUT /consumers/{id}/grants',
    path: { id: consumerId },
    body: {
      grants: given.length === 0 ? [] : [{ api: slotName(slot), environment: 'staging', routes: given }],
    },
    refuses: all.filter((one) => !isGiven(one)).map(({ at, name }) => cause(at, name)),
    undoes: all.filter(isGiven).map(({ at, name }) => cause(at, name)),
  }
}

/** What an operator asks for in this operation, where there is anything to ask. */
export const commandOf = (world: World, { kind, pick, other }: Operation): Command | undefined => {
  const { oracle } = world
  const slot = other % SLOTS.length
  const token = taken(oracle.tokens, pick)
  const holders = [...oracle.consumers, ...oracle.signers.map(({ consumerId }) => consumerId)]
  const consumer = taken(holders, pick) ?? ''
  const signer = taken(oracle.signers, pick)
  const kid = taken(world.keys.kids(), pick) ?? ''
  switch (kind) {
    case 'issue':
      return issue(world, taken(oracle.consumers, pick) ?? '', slot, other >> 1)
    case 'revoke':
      return (
        token && {
          route: 'POST /tokens/{id}/revocation',
          path: { id: token.id },
          body: { reason: 'requested' },
          refuses: [`revoked ${token.id}`],
          terminal: true,
          learn: () => void oracle.said.set(`token.revoked ${token.id}`, 'once'),
        }
      )
    case 'disable':
      return (
        token && {
          route: 'POST /tokens/{id}/disablement',
          path: { id: token.id },
          refuses: [`disabled ${token.id}`],
        }
      )
    case 'enable':
      return (
        token && {
          route: 'POST /tokens/{id}/enablement',
          path: { id: token.id },
          undoes: [`disabled ${token.id}`],
        }
      )
    case 'suspend':
      return {
        route: 'POST /consumers/{id}/suspension',
        path: { id: consumer },
        body: {},
        refuses: [`suspended ${consumer}`],
        learn: () => void oracle.said.set(`consumer.suspended ${consumer}`, 'some'),
      }
    case 'resume':
      return {
        route: 'POST /consumers/{id}/resumption',
        path: { id: consumer },
        body: {},
        undoes: [`suspended ${consumer}`],
      }
    case 'register':
      return register(world, pick % 3 === 0)
    case 'publish':
      return publish(slot, pick)
    case 'deploy':
      return deploy(slot)
    case 'deregister':
      return {
        route: 'DELETE /apis/{name}',
        path: { name: slotName(slot) },
        alsoRefuses: ({ id }) => [`closed ${id}`],
        terminal: true,
      }
    case 'rotate':
      return { route: 'POST /signing-keys/rotation', body: {}, brief: true }
    case 'compromise':
      return {
        route: 'POST /signing-keys/{kid}/compromise',
        path: { kid },
        body: {},
        refuses: [`given up ${kid}`],
        terminal: true,
        brief: true,
        learn: () => void oracle.said.set('signing-key.compromised key-ring', 'some'),
      }
    case 'grantConsumer':
      return signer && grantConsumer(signer.consumerId, slot, pick >> 2)
    case 'rotateSecret':
      return signer && rotateSecret(world, signer.consumerId)
    case 'refuseOwn': {
      const own = taken(signer?.signed ?? [], other)
      return (
        signer &&
        own && {
          route: 'POST /revocations',
          body: { consumer: signer.consumerId, token: own.name, reason: 'requested' },
          refuses: [`refused ${signer.consumerId} ${own.name}`],
          terminal: true,
        }
      )
    }
    case 'redrive':
      return { route: 'POST /pipeline/{subscription}/redrive', path: { subscription: 'ProjectAccess' } }
    default:
      return undefined
  }
}

/** A command whose answer is still kept; repeated with the same key. */
export const isRepeatable = (askedAt: number, now: number): boolean => now - askedAt < DAY_MILLISECONDS * 0.8
