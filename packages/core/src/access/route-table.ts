import type { Authorization, Method, ProtectedRoute, Route } from '../shared/route.ts'
import { type Recent, recent } from './recent.ts'
import { opens, routeOf, templateOf } from './templates.ts'

/** What of one registered route a token opens. */
export interface OpenedRoute {
  readonly registered: ProtectedRoute
  readonly methods: ReadonlySet<Method>
}

/** The routes of one API, ready to be asked many times. */
export interface RouteTable {
  /** Equal to what the table was made of, and never changed by anybody. */
  readonly routes: readonly ProtectedRoute[]
  /** As `routeOf`. */
  routeOf(method: string, segments: readonly string[]): ProtectedRoute | undefined
  /** What granted routes open of them to a holder of that kind; the same object for equal grants. */
  openedBy(holder: Holder, granted: readonly Route[]): readonly OpenedRoute[]
}

/** What a credential satisfies: a token the routes for tokens, a session those for groups. */
export type Holder = 'token' | 'group'

const TABLES_KEPT = 64
const OPENINGS_KEPT = 256
/** Of grants that begin and end alike. */
const ALIKE_KEPT = 16
const CANDIDATES_KEPT = 64

const tables = new Map<string, RouteTable>()

/**
 * The table of an API's routes, made once and kept while every row read says the same, text for text: never by rank,
 * age or identity, so that a row that was written anew is believed at once.
 */
export const routeTableOf = (apiId: string, routes: readonly ProtectedRoute[]): RouteTable => {
  const known = tables.get(apiId)
  if (known && sameRoutes(known.routes, routes)) return known
  if (tables.size >= TABLES_KEPT) tables.clear()
  const table = createTable(routes.map(copyOf))
  tables.set(apiId, table)
  return table
}

/** Of its own: the caller's object may be changed, the table may not. */
const copyOf = <R extends Route>(route: R): R => Object.freeze({ ...route })

type Compared = Route & Partial<ProtectedRoute>

const sameRoutes = (known: readonly Compared[], routes: readonly Compared[]): boolean => {
  if (known.length !== routes.length) return false
  for (let index = 0; index < known.length; index++) {
    const a = known[index]
    const b = routes[index]
    if (a?.path !== b?.path || a?.method !== b?.method || a?.authorization !== b?.authorization) return false
  }
  return true
}

const createTable = (routes: readonly ProtectedRoute[]): RouteTable => {
  const candidates = recent<readonly ProtectedRoute[]>(CANDIDATES_KEPT)
  const openings: Recent<KnownOpening[]> = recent(OPENINGS_KEPT)
  return {
    routes: Object.freeze(routes),
    routeOf: (method, segments) => {
      const possible = candidates.get(`${method} ${segments.length}`, () =>
        routes.filter((route) => mayTake(route, method, segments.length)),
      )
      return routeOf(possible, method, segments)
    },
    openedBy: (holder, granted) =>
      knownOrMade(
        openings.get(keyOf(holder, granted), () => []),
        granted,
        () => openedOf(routes, holder, granted),
      ),
  }
}

const mayTake = ({ method: own, path }: ProtectedRoute, method: string, length: number): boolean => {
  if (own !== 'ANY' && own !== method) return false
  const { specificity } = templateOf(path)
  return specificity.length === length || (specificity.at(-1) === 0 && specificity.length <= length)
}

interface KnownOpening {
  readonly granted: readonly Route[]
  readonly opened: readonly OpenedRoute[]
}

/** Equal text for text: to write all routes of a grant into one key would take more than everything else of a decision. */
const knownOrMade = (
  alike: KnownOpening[],
  granted: readonly Route[],
  make: () => readonly OpenedRoute[],
): readonly OpenedRoute[] => {
  const known = alike.find((one) => sameRoutes(one.granted, granted))
  if (known) return known.opened
  if (alike.length >= ALIKE_KEPT) alike.length = 0
  const made = { granted: granted.map(copyOf), opened: make() }
  alike.push(made)
  return made.opened
}

/** Different grants may have one key, equal grants have no two. */
const keyOf = (holder: Holder, granted: readonly Route[]): string => {
  const [first, last] = [granted[0], granted.at(-1)]
  return `${holder} ${granted.length} ${first?.method} ${first?.path} ${last?.method} ${last?.path}`
}

const OPENED_BY = {
  token: new Set(['token', 'token+group']),
  group: new Set(['group', 'token+group']),
} as const satisfies Record<Holder, ReadonlySet<Authorization>>

/** A credential opens only routes whose protection is its to satisfy, whatever a grant or a rule once named. */
const openedOf = (
  routes: readonly ProtectedRoute[],
  holder: Holder,
  granted: readonly Route[],
): readonly OpenedRoute[] => {
  const satisfied: ReadonlySet<Authorization> = OPENED_BY[holder]
  const byShape = Map.groupBy(granted, ({ path }) => templateOf(path).shape)
  return routes.flatMap((registered) => {
    if (!satisfied.has(registered.authorization)) return []
    const alike = byShape.get(templateOf(registered.path).shape) ?? []
    const methods = alike.map((route) => opens(route, registered)).filter((method) => method !== undefined)
    return methods.length > 0 ? [{ registered, methods: new Set(methods) }] : []
  })
}
