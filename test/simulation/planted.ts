import type { EntityChange, EntityKind } from '@countersign/core/ledger'
import type { GroupDirectory, Identities } from '@countersign/core/session'
import { applyWrite, type RegisterWrite, type Row } from '@countersign/core/shared'
import { type KeyRing, SigningKey } from '@countersign/core/signing-key'
import type { AuthorizerServices } from '@countersign/functions/authorizer/authorize'
import type { Services } from '@countersign/functions/runtime/services'
import type { Bug } from './bugs.ts'
import type { Store } from './store.ts'
import { crossing } from './task.ts'

type Ports = Pick<
  Services,
  | 'ledger'
  | 'accessRows'
  | 'keyRing'
  | 'consumerKeyRings'
  | 'sealKeys'
  | 'apiKeySecret'
  | 'gatewayKeys'
  | 'authorizerCallers'
  | 'webhookSecret'
  | 'settings'
>

/** The ports of commands and of the projector, with one defect or none. */
export const afflictServices = (ports: Ports, store: Store, bug: Bug | undefined): Ports => {
  switch (bug) {
    case 'the projector ignores ranks':
      return { ...ports, accessRows: { ...ports.accessRows, write: writing(ports, store, heedless) } }
    case 'a late grant overwrites the tombstone':
      return { ...ports, accessRows: { ...ports.accessRows, write: writing(ports, store, forgetful) } }
    case 'keys sign as soon as they are made':
      return { ...ports, settings: { ...ports.settings, ringRefreshSeconds: 0 } }
    default:
      return { ...ports, ledger: afflictLedger(ports, bug) }
  }
}

const heedless = (row: Row | undefined, { register, rank, value }: RegisterWrite): Row => ({
  ...row,
  registers: { ...row?.registers, [register]: { rank, value } },
})

const forgetful = (row: Row | undefined, write: RegisterWrite): Row => {
  const { refusal: _, ...registers } = applyWrite(row, write).registers
  return write.register === 'grant' ? { ...row, registers } : applyWrite(row, write)
}

const writing =
  (
    { accessRows }: Ports,
    store: Store,
    change: (row: Row | undefined, write: RegisterWrite) => Row,
  ): Services['accessRows']['write'] =>
  async (writes) => {
    const before = await store.read(writes.map(({ row }) => row))
    await accessRows.write(writes)
    for (const write of writes)
      if (before.has(write.row)) store.overwrite(write.row, change(before.get(write.row), write))
  }

const afflictLedger = ({ ledger, accessRows }: Ports, bug: Bug | undefined): Services['ledger'] => {
  switch (bug) {
    case 'refusals come with the projector':
      return { ...ledger, commit: (change) => ledger.commit({ ...change, access: [] }) }
    case 'predecessors end with the projector':
      return without(ledger, ({ register }) => register === 'superseded')
    case 'rules are narrowed with the projector':
      return without(ledger, ({ register }) => register === 'rules')
    case 'signing out is only written down':
      return without(ledger, ({ row, register }) => row.startsWith('session#') && register === 'refusal')
    case 'a secret that was replaced stays good':
      return without(ledger, ({ register, rank }) => register === 'keys' && rank > FIRST_KEYS_RANK)
    case 'lockdowns are only written down':
      return without(ledger, ({ register }) => register.startsWith('lockdown'))
    case 'sets are not put on the fence':
      return without(ledger, ({ register }) => register.startsWith('issued-before'))
    case 'requests count as approved':
      return { ...ledger, load: approving(ledger) }
    case 'refusals come after the commit':
      return {
        ...ledger,
        commit: async (change) => {
          const saved = await ledger.commit({ ...change, access: [] })
          if (saved.ok) await crossing(() => accessRows.write(change.access ?? []))
          return saved
        },
      }
    case 'repetitions are not recognised':
      return {
        ...ledger,
        idempotency: async () => undefined,
        commit: ({ idempotency: _, ...change }) => ledger.commit(change),
      }
    case 'writers overwrite each other':
      return {
        ...ledger,
        commit: async (change) => {
          const entities = []
          for (const entity of change.entities) {
            const { version } = await ledger.load(entity.kind, entity.id)
            const events = entity.events.map((event, index) => ({
              ...event,
              entityversion: version + 1 + index,
            }))
            entities.push({ ...entity, expectedVersion: version, events })
          }
          return ledger.commit({ ...change, entities })
        },
      }
    default:
      return ledger
  }
}

/** A consumer is registered, and has its first key. */
const FIRST_KEYS_RANK = 2

const without = (
  ledger: Services['ledger'],
  left: (write: RegisterWrite) => boolean,
): Services['ledger'] => ({
  ...ledger,
  commit: (change) =>
    ledger.commit({ ...change, access: (change.access ?? []).filter((write) => !left(write)) }),
})

const approving =
  ({ load }: Services['ledger']): Services['ledger']['load'] =>
  async <State>(kind: EntityKind, id: string) => {
    const loaded = await load<State>(kind, id)
    const state = loaded.state as { status?: string } | undefined
    return state?.status === 'requested'
      ? { ...loaded, state: { ...state, status: 'approved', approvedBy: 'nobody' } as State }
      : loaded
  }

/** Who vouches for people, with one defect or none. */
export const afflictIdentities = (identities: Identities, bug: Bug | undefined): Identities => {
  if (bug !== 'directories are asked once') return identities
  const known = new Map<string, ReturnType<GroupDirectory['groupsOf']>>()
  const directoryOf: Identities['directoryOf'] = (provider) => ({
    groupsOf: (person) => {
      const told = known.get(person.id) ?? identities.directoryOf(provider).groupsOf(person)
      known.set(person.id, told)
      return told
    },
  })
  return { ...identities, directoryOf }
}

/** What sweeps the sets of the fence, with one defect or none. */
export const afflictSweeper = (services: Services, bug: Bug | undefined): Services => {
  const { ledger } = services
  const nothing: Services['ledger']['list'] = async () => ({ items: [], next: undefined })
  switch (bug) {
    case 'sets leave the fence unswept':
      return {
        ...services,
        ledger: {
          ...ledger,
          list: (kind, query) => (kind === 'token' ? nothing(kind, query) : ledger.list(kind, query)),
        },
      }
    case 'sets never leave the fence':
      return { ...services, ledger: { ...ledger, list: nothing } }
    default:
      return services
  }
}

/** What says of tokens that they end soon, with one defect or none. */
export const afflictReminder = (services: Services, bug: Bug | undefined): Services => {
  if (bug !== 'reminders are not remembered') return services
  const { ledger } = services
  const forgetting = (entity: EntityChange): EntityChange => ({
    ...entity,
    state: { ...(entity.state as object), remindedDays: undefined },
    labels: [
      ...entity.labels,
      ...entity.events.flatMap(({ type, data }) => (type === 'token.expiring' ? `remind=${data.days}` : [])),
    ],
  })
  const commit: typeof ledger.commit = (change) =>
    ledger.commit({ ...change, entities: change.entities.map(forgetting) })
  return { ...services, ledger: { ...ledger, commit } }
}

/** What makes the gateway's keys as the ledger has them, with one defect or none. */
export const afflictProvisioner = (services: Services, bug: Bug | undefined): Services => {
  if (bug !== 'closed keys stay with the gateway') return services
  const { gatewayKeys } = services
  const setKeys: typeof gatewayKeys.setKeys = async (owner, keys) =>
    keys.length > 0 ? gatewayKeys.setKeys(owner, keys) : undefined
  return { ...services, gatewayKeys: { ...gatewayKeys, setKeys } }
}

/** A message as it is handed over, with one defect or none. */
export const afflictMessage = (body: string, now: number, bug: Bug | undefined): string =>
  bug === 'the hub is taken in the order of arrival' && body.includes('"source":"api-hub"')
    ? JSON.stringify({ ...JSON.parse(body), time: new Date(now).toISOString() })
    : body

const READ_LATE_MILLISECONDS = 10_000

/** What an authorizer is given, with one defect or none. */
export const afflictAuthorizer = (
  services: AuthorizerServices,
  world: { readonly now: number },
  bug: Bug | undefined,
): AuthorizerServices => {
  const { keyRing, accessRows, clock } = services
  switch (bug) {
    case 'authorizers never look at the ring again': {
      let first: ReturnType<typeof keyRing.current> | undefined
      return { ...services, keyRing: { current: () => (first ??= keyRing.current()) } }
    }
    case 'a rotation drops the keys before':
      return { ...services, keyRing: changedRing(keyRing, (ring) => newest(ring, clock())) }
    case 'the clock of an authorizer stands still': {
      const stopped = clock()
      return { ...services, clock: () => stopped }
    }
    case 'authorizers do not look for lockdowns':
      return { ...services, accessRows: { read: withoutLockdowns(accessRows) } }
    case 'rows are read late': {
      const seen = new Map<string, { at: number; row: Row | undefined }>()
      const read = async (keys: readonly string[]) => {
        const fresh = await accessRows.read(keys)
        for (const key of keys)
          if ((seen.get(key)?.at ?? -Infinity) + READ_LATE_MILLISECONDS < world.now)
            seen.set(key, { at: world.now, row: fresh.get(key) })
        return new Map(keys.flatMap((key) => [[key, seen.get(key)?.row] as const]).filter(isThere))
      }
      return { ...services, accessRows: { read } }
    }
    default:
      return services
  }
}

const withoutLockdowns =
  ({ read }: Pick<Services['accessRows'], 'read'>): typeof read =>
  async (keys) => {
    const rows = [...(await read(keys))].map(([key, row]) => {
      const left = Object.entries(row.registers).filter(([register]) => !register.startsWith('lockdown'))
      return [key, { ...row, registers: Object.fromEntries(left) }] as const
    })
    return new Map(rows)
  }

const isThere = (entry: readonly [string, Row | undefined]): entry is [string, Row] => entry[1] !== undefined

const newest = (ring: KeyRing, now: Date): KeyRing => {
  const from = SigningKey.signingKey(ring, now)?.signsFrom ?? 0
  return { keys: ring.keys.filter(({ signsFrom }) => signsFrom >= from) }
}

const changedRing = (
  { current }: Pick<Services['keyRing'], 'current'>,
  change: (ring: KeyRing) => KeyRing,
): Pick<Services['keyRing'], 'current'> => ({
  current: async () => {
    const version = await current()
    return version && { ...version, text: SigningKey.writeRing(change(SigningKey.readRing(version.text))) }
  },
})

/** What runs beside the platform and does harm, a little after every step. */
export const afflictStore = async (store: Store, now: number, bug: Bug | undefined): Promise<void> => {
  if (bug === 'the past is rewritten') return store.rewriteSealed()
  if (bug !== 'the fence is lifted early' && bug !== 'tombstones are swept early') return
  for (const [key, row] of await store.rowsNow()) {
    if (!key.startsWith(bug === 'the fence is lifted early' ? 'fence#' : 'token#')) continue
    const kept = Object.entries(row.registers).filter(([name, { value }]) => {
      const since = name === 'grant' ? undefined : (value as { since?: string } | null)?.since
      return since === undefined || Date.parse(since) + 3_600_000 > now
    })
    if (kept.length < Object.keys(row.registers).length)
      store.overwrite(key, { ...row, registers: Object.fromEntries(kept) })
  }
}
