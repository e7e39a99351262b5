import { HUB_SOURCE } from '@countersign/core/events'
import { formatRoute, type ProtectedRoute } from '@countersign/core/shared'
import { findApi } from '@countersign/functions/runtime/entities'
import { coordinatesOf, HUB_SLOT, ROUTE_NAMES, SLOTS, VARIANTS } from './commands.ts'
import { lockdownsOfApi } from './lockdowns.ts'
import { taken } from './operations.ts'
import type { Cause } from './oracle.ts'
import type { Said } from './store.ts'
import { road, type World } from './world.ts'

const { name = '', environment = '' } = SLOTS[HUB_SLOT] ?? {}

/** What the API Hub said last, in the order of its own clock. */
export interface LastSaid {
  readonly id: string
  /** NumericDate: EventBridge knows no part of a second. */
  readonly at: number
  /** Routes by name; `undefined` of a withdrawal. */
  readonly routes: readonly string[] | undefined
  readonly refuses: readonly Cause[]
  readonly begun: number
}

const operationOf = ({ path, authorization }: ProtectedRoute) => ({
  'x-countersign-authorization': authorization,
  parameters: (path.match(/(?<=\{)\w+/g) ?? []).map((parameter) => ({
    name: parameter,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  })),
  responses: { 200: { description: 'what was asked for' } },
})

const documentOf = (routes: readonly ProtectedRoute[]) => ({
  openapi: '3.1.0',
  info: { title: name, version: '1' },
  paths: Object.fromEntries(routes.map((route) => [route.path, { get: operationOf(route) }])),
})

const published = (variant: number) => {
  const routes = taken(VARIANTS, variant) ?? []
  const openapi = documentOf(routes)
  const deployments = [{ environment, ...coordinatesOf(HUB_SLOT) }]
  const detail = { publicationId: `publication-${variant}`, name, owner: 'team', openapi, deployments }
  return { type: 'api-hub.api-published', detail, routes: routes.map(formatRoute) } as const
}

const withdrawn = () =>
  ({
    type: 'api-hub.api-withdrawn',
    detail: { publicationId: 'withdrawal', name },
    routes: undefined,
  }) as const

/** Puts it on the bus, once a second at most; nobody is told what became of it. */
export const sayByHub = (world: World, variant: number, withdraws: boolean): void => {
  const { oracle } = world
  const at = world.seconds()
  const last = world.hub.last
  if (last && last.at >= at) return
  const { type, detail, routes } = withdraws ? withdrawn() : published(variant)
  const [closed, unpublished] = [`undeployed ${HUB_SLOT}`, (one: string) => `unpublished ${HUB_SLOT} ${one}`]
  const opened = routes ?? []
  const refuses = routes ? ROUTE_NAMES.filter((one) => !opened.includes(one)).map(unpublished) : [closed]
  const undoes = routes ? [closed, ...opened.map(unpublished)] : lockdownsOfApi(HUB_SLOT)
  const begun = oracle.begin(refuses, undoes)
  oracle.end(refuses, undoes)
  const id = `hub-${begun}`
  world.hub.last = { id, at, routes, refuses, begun }
  const said: Said = {
    id,
    source: HUB_SOURCE,
    'detail-type': type,
    time: new Date(at * 1_000).toISOString(),
    detail,
  }
  world.store.send(said, (copy) => road(world.chance, world.now, copy, world.bug))
}

/** A message was worked on to its end: what it takes away is refused, if nothing was said since. */
export const heardByHub = (world: World, body: string): void => {
  const { last } = world.hub
  if (!last || (JSON.parse(body) as Said).id !== last.id) return
  world.oracle.acknowledge(last.refuses, last.begun, world.now)
  world.checkAll = true
}

/** Whatever came late, twice and in another order: what was said last is so. */
export const checkHub = async ({ hub: { last }, store, violate }: World): Promise<void> => {
  const api = (await findApi(store.ports.ledger, name))?.state
  const routes = api?.routes.map(formatRoute)
  const isSo = String(routes) === String(last?.routes)
  if (!isSo)
    violate(
      'last-said-holds',
      `the hub said ${last?.routes ?? 'nothing'}, and ${routes ?? 'nothing'} is registered`,
    )
  else if (api && !api.deployments.some(({ coordinates }) => coordinates.gatewayId === `gw${HUB_SLOT}`))
    violate('last-said-holds', `${name} lives nowhere`)
}
