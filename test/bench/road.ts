import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Access } from '@countersign/core/access'
import type { EventOf } from '@countersign/core/events'
import type { Change } from '@countersign/core/ledger'
import { callerOf, type Housing } from './housing.ts'

/** One `token.issued` on its way, by the clock of `performance.now()`. */
export interface Passage {
  /** When the commit that brought it was acknowledged. */
  readonly acknowledgedAt: number
  /** When the token's row was read. */
  readonly readableAt: number
}

/** A platform whose tokens are watched from their commit to their row. */
export interface Road {
  /** Issues a token; milliseconds of the command itself. */
  issue(): Promise<number>
  /** Commits what was decided before. */
  commit: Ledger['commit']
  /** Passages since it was asked last, once nothing is on its way. */
  taken(): Promise<readonly Passage[]>
  close(): void
}

/** Rows looked for at once, oldest first: queues are read in their order, more or less. */
const LOOKED_AT = 100
const LONGEST_MILLISECONDS = 90_000

/** `committed` is told every event as soon as its commit was acknowledged. */
export const roadOf = (housing: Housing, committed: (event: EventOf) => void = () => {}): Road => {
  const { ledger } = housing.world.services
  const lags = watching(housing)
  const commit: typeof ledger.commit = async (change) => {
    const saved = await ledger.commit(change)
    lags.acknowledged(change)
    for (const { events } of change.entities) for (const event of events) committed(event)
    return saved
  }
  const watched = { ...membersOf(ledger), commit }
  return {
    issue: async () => {
      const start = performance.now()
      await housing.issue({ ledger: watched })
      return performance.now() - start
    },
    commit,
    taken: lags.taken,
    close: housing.watch(lags.look),
  }
}

export type Ledger = Housing['world']['services']['ledger']

/** A ledger is made when a member of it is used first, and a spread uses none. */
export const membersOf = ({ load, claim, idempotency, commit, probe, list, events }: Ledger): Ledger => ({
  load,
  claim,
  idempotency,
  commit,
  probe,
  list,
  events,
})

const watching = ({ world: { services } }: Housing) => {
  const outstanding = new Map<string, number>()
  const passages: Passage[] = []
  let emptied: () => void = () => {}
  const look = async (): Promise<void> => {
    if (outstanding.size === 0) return
    const rows = await services.accessRows.read([...outstanding.keys()].slice(0, LOOKED_AT))
    const readableAt = performance.now()
    for (const [key, row] of rows) {
      const acknowledgedAt = Access.grantOf(row) && outstanding.get(key)
      if (acknowledgedAt === undefined) continue
      outstanding.delete(key)
      passages.push({ acknowledgedAt, readableAt })
    }
    if (outstanding.size === 0) emptied()
  }
  return {
    look,
    acknowledged: ({ entities }: Change): void => {
      for (const { kind, id } of entities)
        if (kind === 'token') outstanding.set(Access.tokenRowKey(id), performance.now())
      void look()
    },
    taken: async (): Promise<readonly Passage[]> => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      emptied = resolve
      if (outstanding.size === 0) resolve()
      const late = setTimeout(
        () => reject(new Error(`${outstanding.size} rows never came`)),
        LONGEST_MILLISECONDS,
      )
      await promise.finally(() => clearTimeout(late))
      return passages.splice(0)
    },
  }
}

/** Over the wire, as they would come: an event loop that is asked by itself would first do all the commands. */
export const inBurst = async (
  issue: () => Promise<unknown>,
  count: number,
  connections: number,
): Promise<void> => {
  let first: unknown
  const server = createServer((_, answer) => {
    issue().then(
      () => answer.end(),
      (error: unknown) => {
        first ??= error
        answer.writeHead(500).end()
      },
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const { call, close } = callerOf(`http://127.0.0.1:${port}`, connections)
  try {
    const statuses = await Promise.all(Array.from({ length: count }, () => call('/')))
    if (statuses.some((status) => status !== 200))
      throw new Error('not every token of the burst was issued', { cause: first })
  } finally {
    close()
    server.close()
  }
}
