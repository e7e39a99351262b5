import { Access, type Claims } from '@countersign/core/access'
import type { Row } from '@countersign/core/shared'
import { coordinatesOf, ROUTE_NAMES, SLOTS } from './commands.ts'
import { heldOf, type KnownSession, type KnownToken, sessionHeldOf } from './oracle.ts'
import { subjectOf } from './people.ts'
import { arnOf } from './visiting.ts'
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
    const written = world.checkAll ? undefined : new Set(keys)
    world.checkAll = false
    const refused = [
      ...world.oracle.tokens.flatMap((token) => refusalsOfToken(world, token, written)),
      ...world.oracle.sessions.flatMap((session) => refusalsOfSession(world, session, written)),
    ]
    if (refused.length > 0) await checkRefused(world, refused)
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

/** An entry may leave the fence, once nothing depends on it: everybody is looked at then. */
const leftEarly = (world: World, key: string, register: string, value: unknown): void => {
  if (!key.startsWith('fence#')) world.violate('row-never-backwards', `${register} of ${key} is gone`)
  else if (value !== null) world.checkAll = true
}

/** What was acknowledged as refused; the rows as they stand must refuse it, whoever asks. */
interface Refused {
  readonly claims: Claims
  readonly slot: number
  readonly route: string
  readonly refusal: string
}

/** The rows that were written since somebody looked; `undefined`: everybody has to be looked at. */
type Written = ReadonlySet<string> | undefined

const refusalsOfToken = (world: World, token: KnownToken, written: Written): readonly Refused[] => {
  if (token.expiresAt <= world.seconds()) return []
  const claims = claimsOf(token)
  const { slot } = token
  if (!rests({ claims, slot }, written)) return []
  return token.routes.flatMap((route) => {
    const refusal = world.oracle.refusal(heldOf(token, route), world.now, 0)
    return refusal ? [{ claims, slot, route, refusal }] : []
  })
}

const refusalsOfSession = (world: World, session: KnownSession, written: Written): readonly Refused[] => {
  if (session.expiresAt <= world.seconds()) return []
  const claims = sessionClaimsOf(session)
  return SLOTS.flatMap((_, slot) => {
    if (!rests({ claims, slot }, written)) return []
    return ROUTE_NAMES.flatMap((route) => {
      const refusal = world.oracle.refusal(sessionHeldOf(session, slot, route), world.now, 0)
      return refusal ? [{ claims, slot, route, refusal }] : []
    })
  })
}

/** Whether what is decided of it follows from a row that was written. */
const rests = (place: Place, written: Written): boolean =>
  written === undefined || Object.values(keysOf(place)).some((key) => written.has(key))

const checkRefused = async (world: World, refused: readonly Refused[]): Promise<void> => {
  const read = await world.store.read([...new Set(refused.flatMap((one) => Object.values(keysOf(one))))])
  for (const one of refused)
    if (isOpen(one, read, world.now))
      world.violate(
        'refusal-never-undone',
        `${Access.principalIdOf(one.claims)} at ${one.route} of gw${one.slot}: ${one.refusal}`,
      )
}

const claimsOf = ({ id, consumerId, apiId, kid, issuedAt, expiresAt }: KnownToken): Claims => ({
  kind: 'token',
  tokenId: id as `tok_${string}`,
  consumerId: consumerId as `con_${string}`,
  audience: [apiId],
  ...{ kid, issuedAt, expiresAt },
})

const sessionClaimsOf = ({ id, person, kid, issuedAt, expiresAt }: KnownSession): Claims => ({
  kind: 'session',
  sessionId: id as `ses_${string}`,
  subject: subjectOf(person),
  audience: [],
  ...{ kid, issuedAt, expiresAt },
})

type Place = Pick<Refused, 'claims' | 'slot'>

const keysOf = ({ claims, slot }: Place) => {
  const shard = Access.shardOf(Access.principalIdOf(claims))
  return {
    principal: Access.principalRowKey(claims),
    deployment: Access.deploymentRowKey(coordinatesOf(slot), shard),
    fence: Access.fenceRowKey(shard),
  }
}

/** By the rows alone; the signature is taken for good. */
const isOpen = (
  { claims, slot, route }: Omit<Refused, 'refusal'>,
  read: ReadonlyMap<string, Row>,
  now: number,
): boolean => {
  const request = requestFor(slot, route)
  const { principal, deployment, fence } = keysOf({ claims, slot })
  const rows = { principal: read.get(principal), deployment: read.get(deployment), fence: read.get(fence) }
  return Access.decide(claims, request, rows, new Date(now)).ok
}

/** What an authorizer is asked; a few of them again and again. */
const requestFor = (slot: number, route: string): Request => {
  const arn = arnOf(slot, route)
  const request = requests.get(arn) ?? Access.parseMethodArn(arn)
  if (!request) throw new Error('an ARN of the simulation cannot be read')
  requests.set(arn, request)
  return request
}

type Request = NonNullable<ReturnType<typeof Access.parseMethodArn>>
const requests = new Map<string, Request>()
