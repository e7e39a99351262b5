import type { EventData } from '../events/catalog.ts'
import { epochSeconds } from '../shared/duration.ts'
import type { Json } from '../shared/json.ts'
import { lockdownEntry } from '../shared/lockdown-scope.ts'
import type { RegisterWrite } from '../shared/register.ts'
import { type FenceEntry, fenceRowKey, shards } from './row.ts'

/** A consumer's log wrote the mark of a consumer once, and has fewer events than this. */
const SETS_RANK = 1_000_000

/** An entry of the fence in every copy, by the command that says so; `null` empties it. */
export const fence = (entry: string, rank: number, value: FenceEntry | null): readonly RegisterWrite[] =>
  shards.map((shard) => ({
    row: fenceRowKey(shard),
    register: entry,
    rank,
    value: value as unknown as Json,
    by: 'command',
  }))

/** The entry leaves the fence, so that the row stays short. */
export const forgotten = (entry: string, rank: number): readonly RegisterWrite[] =>
  fence(entry, rank, null).map((write) => ({ ...write, forget: true }))

const markOf = ({ target }: Pick<EventData<'revocation.begun'>, 'target'>): string =>
  target === 'everybody' ? 'issued-before' : `issued-before#${target}`

/** The mark of a set of tokens that was revoked. */
export const setWrites = (data: EventData<'revocation.begun'>, rank: number): readonly RegisterWrite[] =>
  fence(markOf(data), SETS_RANK + rank, {
    since: data.revokedAt,
    before: epochSeconds(new Date(data.issuedBefore)),
  })

export const setForgotten = (
  data: EventData<'revocation.completed'>,
  rank: number,
): readonly RegisterWrite[] => forgotten(markOf(data), SETS_RANK + rank)

export const lockdownWrites = (data: EventData<'lockdown.begun'>, rank: number): readonly RegisterWrite[] =>
  fence(lockdownEntry(data), rank, { since: data.begunAt, spares: data.spares })
