import { Access } from '@countersign/core/access'
import { coordinatesOf, ROUTE_NAMES, SLOTS } from './commands.ts'
import { type Operation, taken } from './operations.ts'
import { heldOf, type KnownToken } from './oracle.ts'
import { forgery } from './stranger.ts'
import { cacheTime, enforced, isChanging, visit } from './visiting.ts'
import type { World } from './world.ts'

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
  const slot = other % 17 === 1 ? (token.slot + 1) % SLOTS.length : token.slot
  const presented = forged ? forgery(token.presented, other) : token.presented
  const [ttl, start] = [cacheTime(slot), world.now]
  const changing = await isChanging(world, slot, route)
  const held = enforced(heldOf(token, route), slot, changing)
  const over = isOver(token, start, ttl)
  const good = !forged && slot === token.slot && (await mustPass(world, token, route))
  const lifted = world.oracle.liftedAt()
  await visit(world, { presented, slot, route, authorizer: other >> 8, fate }, async (status, disturbed) => {
    const who = `${token.id} at ${route} of gw${slot}`
    if (status === 200) {
      const refusal = world.oracle.refusal(held, start, ttl)
      if (forged) world.violate('stranger-never-accepted', who)
      else if (refusal) world.violate('refused-never-accepted', `${who}: ${refusal}`)
      else if (over) world.violate('expired-never-accepted', who)
      else if (slot !== token.slot || (!token.routes.includes(route) && !changing))
        world.violate('ungranted-never-accepted', who)
    } else if (
      good &&
      !disturbed &&
      lifted === world.oracle.liftedAt() &&
      (await mustPass(world, token, route))
    )
      world.violate('good-never-refused', `${who}: ${status} ${world.lastReason}`)
  })
}

/** By its own end, or because its successor has taken its place. */
const isOver = ({ expiresAt, endsAt = expiresAt }: KnownToken, now: number, ttl: number): boolean =>
  now - ttl > (Math.min(expiresAt, endsAt) + SKEW_SECONDS) * 1_000

const ENDS_SOON_SECONDS = 40

/** Nobody ever asked to refuse it, and the pipeline has brought all that it needs. */
const mustPass = async (world: World, token: KnownToken, route: string): Promise<boolean> => {
  if (!token.routes.includes(route) || world.oracle.isDoubted(heldOf(token, route))) return false
  const { expiresAt, endsFrom = expiresAt } = token
  if (Math.min(expiresAt, endsFrom) - ENDS_SOON_SECONDS < world.now / 1_000) return false
  if (world.keys.isNew(token.kid, world.now)) return false
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
