import * as Access from '@countersign/core/access/module'
import type { EntityKind, Entry, Ledger } from '@countersign/core/ledger'
import * as Registry from '@countersign/core/registry/module'
import { epochSeconds, isId } from '@countersign/core/shared'
import { eventsOf, type RebuildServices } from './look.ts'

/** Where a phase has come to: it goes on behind it. */
export type Placed = readonly [unit: Access.Unit | undefined, after: string | undefined]

const PAGE = 100

/** Every entity of a kind; the position is that of its page. */
export async function* entitiesOf<State>(
  { ledger }: { readonly ledger: Ledger },
  kind: EntityKind,
  after?: string,
): AsyncGenerator<readonly [page: readonly Entry<State>[], after: string | undefined]> {
  let position = after
  do {
    const page = await ledger.list<State>(kind, { labels: [], limit: PAGE, after: position })
    yield [page.items, position]
    position = page.next
  } while (position !== undefined)
}

interface Ending {
  /** RFC 3339; what has none ends never. */
  readonly expiresAt?: string
}

/** A tombstone stays a day longer than what it refuses; an hour more is for clocks. */
const SWEPT_AFTER_SECONDS = 90_000

/** What the log knows and the read model has no row of; what it has a row of is met when the rows are looked at. */
export async function* unitsWithoutRow(
  services: RebuildServices,
  kind: 'token' | 'session' | 'consumer',
  after?: string,
): AsyncGenerator<Placed> {
  const unitOf = { token: Access.tokenUnit, session: Access.sessionUnit, consumer: Access.consumerUnit }[kind]
  const isOver = ({ expiresAt }: Ending) =>
    expiresAt !== undefined &&
    epochSeconds(new Date(expiresAt)) + SWEPT_AFTER_SECONDS < epochSeconds(services.clock())
  for await (const [entries, position] of entitiesOf<Ending>(services, kind, after)) {
    const units = entries.filter(({ state }) => !isOver(state)).map(({ id }) => unitOf(id))
    const there = await services.storedRows.inspect(units.flatMap(({ rows }) => rows))
    for (const unit of units) if (!unit.rows.every((key) => there.has(key))) yield [unit, position]
    yield [undefined, position]
  }
}

/** Every deployment that the log knows, of all APIs that had it. */
export async function* unitsOfDeployments(places: Places): AsyncGenerator<Placed> {
  for (const path of places.paths()) yield [await places.unitOf(path), undefined]
}

/** Which APIs had a deployment: of those that are listed, and whoever has it at this moment. */
export interface Places {
  paths(): Iterable<string>
  isKnown(path: string): boolean
  unitOf(path: string): Promise<Access.Unit>
}

export const placesIn = async (services: RebuildServices): Promise<Places> => {
  const apisAt = new Map<string, Set<string>>()
  for await (const [entries] of entitiesOf(services, 'api')) {
    for (const { id } of entries) {
      const fold = Access.foldOf((row) => row.endsWith('#0'))
      for await (const event of eventsOf(services, id)) fold.add(event)
      for (const key of fold.keys()) {
        const path = Access.pathOfDeploymentRow(key) ?? ''
        apisAt.set(path, (apisAt.get(path) ?? new Set()).add(id))
      }
    }
  }
  const ownerOf = async (path: string) => {
    const [accountId = '', region = '', gatewayId = '', stage = ''] = path.split('/')
    return (await services.ledger.claim(Registry.coordinatesClaim({ accountId, region, gatewayId, stage })))
      .owner
  }
  return {
    paths: () => apisAt.keys(),
    isKnown: (path) => apisAt.has(path),
    unitOf: async (path) => {
      const owner = await ownerOf(path)
      return Access.deploymentUnit(path, [
        ...new Set([...(apisAt.get(path) ?? []), ...(owner ? [owner] : [])]),
      ])
    },
  }
}

/** Every row that there is, but the fence and the deployments that the log knows: they have phases of their own. */
export async function* unitsOfRows(
  { storedRows }: RebuildServices,
  places: Places,
  after?: string,
): AsyncGenerator<Placed> {
  let previous = after
  for await (const { key } of storedRows.inspectAll(after)) {
    const unit = Access.FENCE_ROWS.includes(key) ? undefined : await unitOfRow(key, places)
    yield [unit, previous]
    previous = key
  }
}

const unitOfRow = async (key: string, places: Places): Promise<Access.Unit | undefined> => {
  const path = Access.pathOfDeploymentRow(key)
  if (path !== undefined)
    return places.isKnown(path) ? undefined : { ...(await places.unitOf(path)), rows: [key] }
  const id = key.slice(key.indexOf('#') + 1)
  if (isId('token', id) && key === Access.tokenRowKey(id)) return Access.tokenUnit(id)
  if (isId('session', id) && key === Access.sessionRowKey(id)) return Access.sessionUnit(id)
  if (isId('consumer', id) && key === Access.consumerRowKey(id)) return Access.consumerUnit(id)
  return Access.strangeUnit(key)
}
