import { Access } from '@countersign/core/access'
import { evaluatePolicy } from '@countersign/local'
import type { APIGatewayAuthorizerResult } from 'aws-lambda'
import { asking } from '../acceptance/one-machine.ts'
import { coordinatesOf, SLOTS } from './commands.ts'
import type { Fate } from './operations.ts'
import type { Held } from './oracle.ts'
import { keep, kill, startTask } from './task.ts'
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
  keep(world, task)
}

/** Milliseconds for which a gateway keeps answers. */
export const cacheTime = (slot: number): number => (SLOTS[slot]?.ttlSeconds ?? 0) * 1_000

/**
 * Behind a cache the document did not have the route for long: a pattern that the same caller was given before may reach
 * it (SECURITY.md).
 */
export const isChanging = async (world: World, slot: number, route: string): Promise<boolean> => {
  const ttl = cacheTime(slot)
  if (ttl === 0) return false
  const key = Access.deploymentRowKey(coordinatesOf(slot), 0)
  const binding = Access.bindingOf((await world.store.read([key])).get(key))
  const registered = binding?.routes.some(({ method, path }) => `${method} ${path}` === route) ?? false
  return !registered || (world.changedAt.get(`gw${slot}`) ?? 0) > world.now - ttl
}

/** What is still sure where a kept pattern may reach a route that the document has not, or had not until a moment ago. */
export const enforced = (held: Held, slot: number, changing: boolean): Held => {
  if (cacheTime(slot) === 0) return held
  const causes = held.causes.filter(
    (cause) => !cause.startsWith('unpublished') && !(changing && cause.startsWith('ungranted')),
  )
  return {
    causes,
    targets: held.targets,
    issuedAt: held.issuedAt,
    ...(held.ways && !changing && { ways: held.ways }),
  }
}
