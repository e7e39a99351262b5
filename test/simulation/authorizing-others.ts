import { Access } from '@countersign/core/access'
import { formatRoute } from '@countersign/core/shared'
import { coordinatesOf, ROUTE_NAMES, SLOTS } from './commands.ts'
import { type Operation, taken } from './operations.ts'
import { type KnownSession, type OwnSigner, type OwnToken, ownHeldOf, sessionHeldOf } from './oracle.ts'
import { signed } from './stranger.ts'
import { cacheTime, enforced, isChanging, visit } from './visiting.ts'
import type { World } from './world.ts'

const OWN_SECONDS = 600
const SKEW_SECONDS = 5

/** A consumer signs for itself, with the newest key that it was shown or an older one. */
export const authorizeOwn = async (world: World, { pick, other, salt, fate }: Operation): Promise<void> => {
  const signer = taken(world.oracle.signers, pick)
  if (!signer) return
  const token = other % 3 === 0 ? taken(signer.signed, other >> 3) : ownToken(world, signer, salt, other)
  if (!token) return
  const route = taken(ROUTE_NAMES, other >> 5) ?? ''
  const slot = (other >> 4) % SLOTS.length
  const [ttl, start] = [cacheTime(slot), world.now]
  const held = enforced(
    ownHeldOf(signer.consumerId, token, slot, route),
    slot,
    await isChanging(world, slot, route),
  )
  const end = signer.keys.find(({ kid }) => kid === token.kid)?.endsAt ?? Infinity
  const over = start - ttl > (Math.min(end, token.issuedAt + OWN_SECONDS) + SKEW_SECONDS) * 1_000
  await visit(world, { presented: token.presented, slot, route, authorizer: other >> 8, fate }, (status) => {
    if (status !== 200) return
    const who = `${token.name} of ${signer.consumerId} at ${route} of gw${slot}`
    const refusal = world.oracle.refusal(held, start, ttl)
    if (refusal) world.violate('refused-never-accepted', `${who}: ${refusal}`)
    else if (over) world.violate('expired-never-accepted', who)
  })
}

const ownToken = (world: World, signer: OwnSigner, salt: number, other: number): OwnToken | undefined => {
  const key = other % 5 === 0 ? taken(signer.keys, other >> 3) : signer.keys.at(-1)
  if (!key) return undefined
  const name = `own-${salt}`
  const issuedAt = world.seconds()
  const payload = { iss: signer.consumerId, jti: name, iat: issuedAt, exp: issuedAt + OWN_SECONDS }
  const presented = signed({ alg: 'HS512', kid: key.kid, typ: 'JWT' }, payload, key.k)
  const token = { name, kid: key.kid, presented, issuedAt }
  world.secrets.add(token.presented.split('.')[2] ?? '')
  signer.signed.push(token)
  return token
}

/** Sessions that are asked with: more would all be over. */
const LATELY = 5

/** A person calls an API with the token of a session. */
export const authorizeSession = async (world: World, { pick, other, fate }: Operation): Promise<void> => {
  const session = taken(world.oracle.sessions.slice(-LATELY), pick)
  if (!session) return
  const route = taken(ROUTE_NAMES, other >> 5) ?? ''
  const slot = (other >> 4) % SLOTS.length
  const [ttl, start] = [cacheTime(slot), world.now]
  const held = enforced(sessionHeldOf(session, slot, route), slot, await isChanging(world, slot, route))
  const over = start - ttl > (session.expiresAt + SKEW_SECONDS) * 1_000
  const good = await mustPass(world, session, slot, route)
  const lifted = world.oracle.liftedAt()
  const asked = { presented: session.presented, slot, route, authorizer: other >> 8, fate }
  await visit(world, asked, async (status, disturbed) => {
    const who = `${session.id} of ${session.person} at ${route} of gw${slot}`
    if (status === 200) {
      const refusal = world.oracle.refusal(held, start, ttl)
      if (refusal) world.violate('refused-never-accepted', `${who}: ${refusal}`)
      else if (over) world.violate('expired-never-accepted', who)
    } else if (
      good &&
      !disturbed &&
      lifted === world.oracle.liftedAt() &&
      (await mustPass(world, session, slot, route))
    )
      world.violate('good-never-refused', `${who}: ${status} ${world.lastReason}`)
  })
}

const ENDS_SOON_SECONDS = 40

/** Nobody ever asked to refuse it, its row has a group, and the row of the gateway, which keeps nothing, a rule for it. */
const mustPass = async (
  world: World,
  session: KnownSession,
  slot: number,
  route: string,
): Promise<boolean> => {
  const held = sessionHeldOf(session, slot, route)
  if (cacheTime(slot) > 0 || world.oracle.isDoubted(held)) return false
  if (session.expiresAt - ENDS_SOON_SECONDS < world.now / 1_000) return false
  if (world.keys.isNew(session.kid, world.now)) return false
  const [sessionKey, deploymentKey] = [
    Access.sessionRowKey(session.id),
    Access.deploymentRowKey(coordinatesOf(slot), Access.shardOf(session.id)),
  ]
  const rows = await world.store.read([sessionKey, deploymentKey])
  const deployment = rows.get(deploymentKey)
  const groups = Access.sessionOf(rows.get(sessionKey))?.groups ?? []
  const ruled = Access.rulesOf(deployment)?.rules.some(
    (rule) => groups.includes(rule.group) && rule.routes.some((one) => formatRoute(one) === route),
  )
  const binding = Access.bindingOf(deployment)
  return ruled === true && (binding?.routes.some((one) => formatRoute(one) === route) ?? false)
}
