import { Access } from '@countersign/core/access'
import type { Row } from '@countersign/core/shared'
import { arnOf } from './authorizing.ts'
import { causesOf, type KnownToken } from './oracle.ts'
import type { World } from './world.ts'

/** What is looked at after every step: the rows that were written in it, and the refusals that rest on them. */
export const createChecks = (world: World) => {
  const before = new Map<string, Row>()
  return async (): Promise<void> => {
    const { touched } = world.store
    if (touched.size === 0 && !world.checkAll) return
    const keys = [...touched]
    touched.clear()
    const rows = await world.store.read(keys)
    for (const key of keys) {
      const [, gateway] = /^deployment#.*\/(gw\d)\//.exec(key) ?? []
      if (gateway) world.changedAt.set(gateway, world.now)
      checkForward(world, key, before.get(key), rows.get(key))
      remember(before, key, rows.get(key))
    }
    const everybody = world.checkAll || keys.some((key) => !key.startsWith('token#'))
    world.checkAll = false
    for (const token of world.oracle.tokens)
      if (everybody || keys.includes(Access.tokenRowKey(token.id))) await checkRefused(world, token)
  }
}

const remember = (rows: Map<string, Row>, key: string, row: Row | undefined): void => {
  if (row) rows.set(key, row)
  else rows.delete(key)
}

/** Each register by itself; a row may go whole, when its time is over. */
const checkForward = (world: World, key: string, before: Row | undefined, after: Row | undefined): void => {
  if (!before) return
  if (!after) {
    if ((before.sweepAfter ?? Infinity) > world.seconds())
      world.violate('row-never-backwards', `${key} is gone before its time`)
    return
  }
  for (const [register, { rank, value }] of Object.entries(before.registers)) {
    const now = after.registers[register]
    if (!now) leftEarly(world, key, register, value)
    else if (now.rank < rank)
      world.violate('row-never-backwards', `${register} of ${key}: ${rank} → ${now.rank}`)
    else if (now.rank === rank && JSON.stringify(now.value) !== JSON.stringify(value))
      world.violate('row-never-backwards', `${register} of ${key} has two values of rank ${rank}`)
  }
}

/** An entry may leave the fence, once nothing depends on it: `checkRefused` sees to that. */
const leftEarly = (world: World, key: string, register: string, value: unknown): void => {
  if (!key.startsWith('fence#')) world.violate('row-never-backwards', `${register} of ${key} is gone`)
  else if (value !== null) world.checkAll = true
}

/** What was acknowledged as refused is refused by the rows as they stand, whoever asks. */
const checkRefused = async (world: World, token: KnownToken): Promise<void> => {
  if (token.expiresAt <= world.seconds()) return
  for (const route of token.routes) {
    const refusal = world.oracle.refusal(causesOf(token, route), world.now, 0)
    if (refusal && (await isOpen(world, token, route)))
      world.violate('refusal-never-undone', `${token.id} at ${route}: ${refusal}`)
  }
}

/** By the rows alone; the signature is taken for good. */
export const isOpen = async (world: World, token: KnownToken, route: string): Promise<boolean> => {
  const request = Access.parseMethodArn(arnOf(token.slot, route))
  if (!request) throw new Error('an ARN of the simulation cannot be read')
  const shard = Access.shardOf(token.id)
  const [principal, deployment, fence] = [
    Access.tokenRowKey(token.id),
    Access.deploymentRowKey(request.coordinates, shard),
    Access.fenceRowKey(shard),
  ]
  const rows = await world.store.read([principal, deployment, fence])
  const claims = {
    kind: 'token',
    kid: token.kid,
    tokenId: token.id as `tok_${string}`,
    consumerId: token.consumerId as `con_${string}`,
    audience: [token.apiId],
    issuedAt: token.issuedAt,
    expiresAt: token.expiresAt,
  } as const
  const [now, row] = [new Date(world.now), (key: string) => rows.get(key)]
  return Access.decide(
    claims,
    request,
    { principal: row(principal), deployment: row(deployment), fence: row(fence) },
    now,
  ).ok
}
