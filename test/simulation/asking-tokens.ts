import { type Command, ROUTE_NAMES, SLOTS } from './commands.ts'
import { taken } from './operations.ts'
import type { KnownRequest, KnownToken } from './oracle.ts'
import type { World } from './world.ts'

const EXPIRIES = ['1h', '2d', '8d', '31d'] as const
/** Which of an API's routes a token opens. */
export const SUBSETS = [
  ROUTE_NAMES,
  ROUTE_NAMES.slice(0, 1),
  ROUTE_NAMES.slice(1, 2),
  ROUTE_NAMES.slice(0, 2),
] as const

/** Who approves; everybody else is one operator. */
const APPROVER = 'con_approver'

export const issue = (world: World, consumer: string, slot: number, other: number): Command => {
  const { name = '', environment = '' } = SLOTS[slot] ?? {}
  return {
    route: 'POST /tokens',
    body: {
      consumer,
      grants: [{ api: name, environment, routes: taken(SUBSETS, other) ?? [] }],
      expiresIn: taken(EXPIRIES, other >> 3) ?? '1h',
    },
    terminal: true,
    learn: (body) => {
      if (body.state === 'requested') return learnRequest(world, String(body.id), slot)
      if (environment === 'production')
        world.violate('approved-before-issued', `${body.id} was handed out without being asked for`)
      learnToken(world, body, slot)
    },
  }
}

const learnRequest = ({ oracle }: World, id: string, slot: number): void => {
  if (!oracle.requests.some((known) => known.id === id))
    oracle.requests.push({ id, slot, approvalAsked: false })
}

const secondsOf = (instant: unknown): number => Math.floor(Date.parse(String(instant)) / 1_000)

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
    issuedAt: secondsOf(body.issuedAt),
    expiresAt: secondsOf(body.expiresAt),
  }
  world.secrets.add(body.token.split('.')[2] ?? '')
  oracle.tokens.push(token)
  oracle.said.set(`token.issued ${id}`, 'once')
  world.keys.signed(token)
}

/** By somebody else, or by who asked for it: then it must not succeed before somebody else was asked. */
export const approve = (world: World, request: KnownRequest, byRequester: boolean): Command => {
  const alone = byRequester && !request.approvalAsked
  if (!byRequester) request.approvalAsked = true
  return {
    route: 'POST /tokens/{id}/approval',
    path: { id: request.id },
    ...(!byRequester && { actor: APPROVER }),
    learn: () => {
      if (alone && !request.approvalAsked)
        world.violate('approved-before-issued', `${request.id} was approved by who asked for it`)
    },
  }
}

export const reject = ({ id }: KnownRequest): Command => ({
  route: 'POST /tokens/{id}/rejection',
  path: { id },
  body: {},
  actor: APPROVER,
  refuses: [`rejected ${id}`],
  terminal: true,
})

export const collect = (world: World, request: KnownRequest, byOther: boolean): Command => {
  const { id, slot } = request
  const rejected = { causes: [`rejected ${id}`], targets: [], issuedAt: 0 }
  const refused = world.oracle.refusal(rejected, world.now, 0) !== undefined
  return {
    route: 'POST /tokens/{id}/collection',
    path: { id },
    ...(byOther && { actor: APPROVER }),
    terminal: true,
    learn: (body) => {
      if (byOther || refused || !request.approvalAsked)
        world.violate('approved-before-issued', `${id} was collected, ${refused ? 'rejected' : 'unapproved'}`)
      learnToken(world, body, slot)
    },
  }
}

const GRACES = [{ now: true }, { grace: '1h' }, {}] as const
const GRACE_SECONDS = [0, 3_600, 86_400] as const
/** How far clocks differ, and whole seconds. */
const EARLY_SECONDS = 10

/** A successor; the token itself is refused at once, or lives for the grace. */
export const reroll = (world: World, token: KnownToken, other: number): Command => {
  const how = other % GRACES.length
  const atOnce = how === 0
  const endsFrom = world.seconds() + (GRACE_SECONDS[how] ?? 0) - EARLY_SECONDS
  token.endsFrom = Math.min(token.endsFrom ?? endsFrom, endsFrom)
  return {
    route: 'POST /tokens/{id}/reroll',
    path: { id: token.id },
    body: GRACES[how] ?? {},
    terminal: true,
    refuses: atOnce ? [`superseded ${token.id}`] : [],
    learn: (body) => {
      const { endsAt } = body.predecessor as { endsAt: string }
      token.endsAt = secondsOf(endsAt)
      world.oracle.said.set(`token.rerolled ${token.id}`, 'once')
      learnToken(world, body, token.slot)
    },
  }
}
