import { createHmac } from 'node:crypto'
import { Access } from '@countersign/core/access'
import { evaluatePolicy } from '@countersign/local'
import type { APIGatewayAuthorizerResult } from 'aws-lambda'
import { asking } from '../acceptance/one-machine.ts'
import { taken } from './asking.ts'
import { coordinatesOf, ROUTE_NAMES, SLOTS } from './commands.ts'
import type { Fate, Operation } from './operations.ts'
import {
  type Cause,
  causesOf,
  type KnownToken,
  type OwnSigner,
  type OwnToken,
  ownCausesOf,
} from './oracle.ts'
import { STRANGER } from './stranger.ts'
import { kill, startTask } from './task.ts'
import type { World } from './world.ts'

const PATHS: Readonly<Record<string, string>> = {
  'GET /a': '/a',
  'GET /b/{id}': '/b/7',
  'GET /b/{id}/c': '/b/7/c',
}

export const arnOf = (slot: number, route: string): string => {
  const { region, accountId, gatewayId, stage } = coordinatesOf(slot)
  return `arn:aws:execute-api:${region}:${accountId}:${gatewayId}/${stage}/GET${PATHS[route] ?? '/none'}`
}

const GATEWAY_TIMEOUT_MILLISECONDS = 29_000

interface Visit {
  readonly presented: string
  readonly slot: number
  readonly route: string
  readonly authorizer: number
  readonly fate: Fate | undefined
}

/** A request at a gateway: what it keeps of earlier answers, else the authorizer; the policy for this very request. */
export const visit = async (
  world: World,
  { presented, slot, route, authorizer: index, fate }: Visit,
  judged: (status: number, disturbed: boolean) => void | Promise<void>,
): Promise<void> => {
  const authorizer = world.authorizers[index % world.authorizers.length]
  if (!authorizer) return
  const arn = arnOf(slot, route)
  const ttl = (SLOTS[slot]?.ttlSeconds ?? 0) * 1_000
  const stage = `gw${slot}/v1`
  const { now: start, cache } = world
  const answerFor = async (): Promise<APIGatewayAuthorizerResult | number> => {
    const kept = ttl > 0 ? cache.get(stage, presented, start) : undefined
    if (kept)
      return world.bug === 'the gateway keeps its yes by token alone'
        ? 200
        : (kept as APIGatewayAuthorizerResult)
    try {
      const answer = await authorizer.authorize(asking(arn, { Authorization: `Bearer ${presented}` }))
      if (ttl > 0)
        cache.put(
          stage,
          presented,
          answer as never,
          start + (world.bug === 'the gateway keeps answers too long' ? 3_600_000 : ttl),
        )
      return answer
    } catch (error) {
      return error instanceof Error && error.message === 'Unauthorized' ? 401 : 500
    }
  }
  const task = await startTask(
    { name: 'authorize', fate, limit: GATEWAY_TIMEOUT_MILLISECONDS, now: start },
    async (own) => {
      const answer = await answerFor()
      const allowed = typeof answer !== 'number' && evaluatePolicy(answer.policyDocument, arn) === 'allow'
      await judged(typeof answer === 'number' ? answer : allowed ? 200 : 403, own.failed)
    },
  )
  if (world.bug === 'tokens are logged') world.inspect(JSON.stringify({ message: 'asked', presented }))
  if (task.state === 'dead') {
    for (const other of authorizer.tasks) kill(other)
    world.authorizers[index % world.authorizers.length] = world.warm(index % world.authorizers.length)
  }
  authorizer.tasks.add(task)
  if (task.state === 'parked' || task.state === 'running') world.parked.add(task)
}

/** Tokens that are asked with more often than others. */
const LATELY = 4

/** Clocks differ by up to 5 s. */
const SKEW_SECONDS = 5

export const authorize = async (world: World, operation: Operation): Promise<void> => {
  const { pick, other, fate } = operation
  const token = taken(other % 3 === 0 ? world.oracle.tokens : world.oracle.tokens.slice(-LATELY), pick)
  if (!token) return
  const forged = other % 13 === 0
  const route = taken(ROUTE_NAMES, other >> 5) ?? ''
  const slot = other % 17 === 1 ? 1 - token.slot : token.slot
  const presented = forged ? forgery(token.presented, other) : token.presented
  const ttl = (SLOTS[slot]?.ttlSeconds ?? 0) * 1_000
  const start = world.now
  const refusal = world.oracle.refusal(enforced(causesOf(token, route), ttl), start, ttl)
  const over = world.now / 1_000 > token.expiresAt + SKEW_SECONDS + ttl / 1_000
  const isChanging = ttl > 0 && !(await isSettled(world, slot, route, start - ttl))
  const good = !forged && slot === token.slot && (await mustPass(world, token, route))
  await visit(world, { presented, slot, route, authorizer: other >> 8, fate }, async (status, disturbed) => {
    const who = `${token.id} at ${route} of gw${slot}`
    if (status === 200) {
      if (forged) world.violate('stranger-never-accepted', who)
      else if (refusal && world.oracle.refusal([refusal], start, ttl))
        world.violate('refused-never-accepted', `${who}: ${refusal}`)
      else if (over) world.violate('expired-never-accepted', who)
      else if (slot !== token.slot || (!token.routes.includes(route) && !isChanging))
        world.violate('ungranted-never-accepted', who)
    } else if (good && !disturbed && (await mustPass(world, token, route)))
      world.violate('good-never-refused', `${who}: ${status} ${world.lastReason}`)
  })
}

/** The document has had the route since then, or for longer. */
const isSettled = async (world: World, slot: number, route: string, since: number): Promise<boolean> => {
  const key = Access.deploymentRowKey(coordinatesOf(slot), 0)
  const binding = Access.bindingOf((await world.store.read([key])).get(key))
  const registered = binding?.routes.some(({ method, path }) => `${method} ${path}` === route) ?? false
  return registered && (world.changedAt.get(`gw${slot}`) ?? 0) <= since
}

const ENDS_SOON_SECONDS = 40

/** What the gateway has and the document has not can be reached by a kept pattern of the same caller (SECURITY.md). */
const enforced = (causes: readonly Cause[], ttl: number): readonly Cause[] =>
  ttl === 0 ? causes : causes.filter((cause) => !cause.startsWith('unpublished'))

/** Nobody ever asked to refuse it, and the pipeline has brought all that it needs. */
const mustPass = async (world: World, token: KnownToken, route: string): Promise<boolean> => {
  if (!token.routes.includes(route) || world.oracle.isDoubted(causesOf(token, route))) return false
  if (token.expiresAt - ENDS_SOON_SECONDS < world.now / 1_000 || world.keys.isNew(token.kid, world.now))
    return false
  const shard = Access.shardOf(token.id)
  const [tokenKey, deploymentKey] = [
    Access.tokenRowKey(token.id),
    Access.deploymentRowKey(coordinatesOf(token.slot), shard),
  ]
  const rows = await world.store.read([tokenKey, deploymentKey])
  const binding = Access.bindingOf(rows.get(deploymentKey))
  const registered = binding?.routes.some(({ method, path }) => `${method} ${path}` === route)
  return (
    Access.grantOf(rows.get(tokenKey)) !== undefined && binding?.apiId === token.apiId && registered === true
  )
}

/** Another payload under the same signature; a kid that nobody has; a key that is the stranger's own. */
const forgery = (presented: string, how: number): string => {
  const [header = '', payload = '', signature = ''] = presented.split('.')
  const json = (text: string) =>
    JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>
  const text = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  if (how % 3 === 0)
    return `${header}.${text({ ...json(payload), exp: Number(json(payload).exp) + 1 })}.${signature}`
  if (how % 3 === 1) return `${text({ ...json(header), kid: 'key_00' })}.${payload}.${signature}`
  return signed({ ...json(header), alg: 'HS512', kid: STRANGER.kid }, json(payload), STRANGER.secret)
}

const signed = (header: object, payload: object, secret: string): string => {
  const text = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${text(header)}.${text(payload)}`
  const signature = createHmac('sha512', Buffer.from(secret, 'base64url')).update(input).digest('base64url')
  return `${input}.${signature}`
}

const OWN_SECONDS = 600

/** A consumer signs for itself, with the newest key that it was shown or an older one. */
export const authorizeOwn = async (world: World, { pick, other, salt, fate }: Operation): Promise<void> => {
  const signer = taken(world.oracle.signers, pick)
  if (!signer) return
  const token = other % 3 === 0 ? taken(signer.signed, other >> 3) : ownToken(world, signer, salt, other)
  if (!token) return
  const route = taken(ROUTE_NAMES, other >> 5) ?? ''
  const slot = (other >> 4) % SLOTS.length
  const ttl = (SLOTS[slot]?.ttlSeconds ?? 0) * 1_000
  const start = world.now
  const isChanging = ttl > 0 && !(await isSettled(world, slot, route, start - ttl))
  const all: readonly Cause[] = ownCausesOf(signer.consumerId, token, slot, route)
  const causes = isChanging ? all.filter((cause) => !cause.startsWith('ungranted')) : all
  const refusal = world.oracle.refusal(enforced(causes, ttl), start, ttl)
  await visit(world, { presented: token.presented, slot, route, authorizer: other >> 8, fate }, (status) => {
    if (status === 200 && refusal && world.oracle.refusal([refusal], start, ttl))
      world.violate(
        'refused-never-accepted',
        `${token.name} of ${signer.consumerId} at ${route} of gw${slot}: ${refusal}`,
      )
  })
}

const ownToken = (world: World, signer: OwnSigner, salt: number, other: number): OwnToken | undefined => {
  const key = other % 5 === 0 ? taken(signer.keys, other >> 3) : signer.keys.at(-1)
  if (!key) return undefined
  const name = `own-${salt}`
  const payload = {
    iss: signer.consumerId,
    jti: name,
    iat: world.seconds(),
    exp: world.seconds() + OWN_SECONDS,
  }
  const token = {
    name,
    kid: key.kid,
    presented: signed({ alg: 'HS512', kid: key.kid, typ: 'JWT' }, payload, key.k),
  }
  world.secrets.add(token.presented.split('.')[2] ?? '')
  signer.signed.push(token)
  return token
}
