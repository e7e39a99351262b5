import type { DeadLetter, SubscriptionStatus } from '@countersign/core/events'
import type { Database, SqlRow } from './database.ts'

export interface Sent {
  readonly queue: string
  readonly body: string
  readonly eventId: string
  readonly eventType: string
  /** Milliseconds since the epoch from which it may be received. */
  readonly visibleAt: number
}

export interface Received {
  readonly id: number
  readonly body: string
  readonly receives: number
}

/** Queues as SQS has them: a message received is invisible for a while, and comes again unless it is deleted. */
export interface Queues {
  send(messages: readonly Sent[]): void
  /** Up to `most` visible messages, hidden until `invisibleUntil`; `pick` chooses among those visible. */
  receive(queue: string, most: number, now: number, invisibleUntil: number, pick?: Pick): readonly Received[]
  delete(ids: readonly number[]): void
  /** A message that is held comes back then, once it failed. */
  postpone(id: number, visibleAt: number): void
  /** Back to the queue at `visibleAt` unless it was postponed, or dead when it was received `maxReceives` times. */
  fail(id: number, error: string, maxReceives: number, visibleAt: number): void
  /** After a restart nobody holds a message any more. */
  releaseAll(): void
  /** When the next message becomes visible; undefined when none waits. */
  nextVisible(queue: string): number | undefined
  status(queue: string): Omit<SubscriptionStatus, 'name'>
  /** How many dead letters went back. */
  redrive(queue: string, now: number): number
}

/** Which of the waiting messages come first; the order of arrival unless told otherwise. */
export type Pick = (waiting: readonly Received[]) => readonly Received[]

const DEAD_LETTERS_SHOWN = 10

export const sqliteQueues = (database: Database): Queues => ({
  send: (messages) => {
    database.transaction(() => {
      for (const { queue, body, eventId, eventType, visibleAt } of messages) {
        const insert =
          'INSERT INTO message (queue, body, event_id, event_type, visible_at) VALUES (?, ?, ?, ?, ?)'
        database.run(insert, queue, body, eventId, eventType, visibleAt)
      }
    })
  },
  receive: (queue, most, now, invisibleUntil, pick = (waiting) => waiting) =>
    database.transaction(() => {
      const visible =
        'SELECT id, body, receives FROM message WHERE queue = ? AND dead = 0 AND visible_at <= ? ORDER BY id LIMIT 1000'
      const taken = pick(database.all(visible, queue, now).map(received)).slice(0, most)
      for (const { id } of taken)
        database.run(
          'UPDATE message SET receives = receives + 1, in_flight = 1, postponed = 0, visible_at = ? WHERE id = ?',
          invisibleUntil,
          id,
        )
      return taken.map((message) => ({ ...message, receives: message.receives + 1 }))
    }),
  delete: (ids) => {
    database.transaction(() => {
      for (const id of ids) database.run('DELETE FROM message WHERE id = ?', id)
    })
  },
  postpone: (id, visibleAt) => {
    database.run('UPDATE message SET visible_at = ?, postponed = 1 WHERE id = ?', visibleAt, id)
  },
  fail: (id, error, maxReceives, visibleAt) => {
    const update =
      'UPDATE message SET last_error = ?, dead = (receives >= ?), visible_at = CASE postponed WHEN 1 THEN visible_at ELSE ? END, in_flight = 0 WHERE id = ?'
    database.run(update, error, maxReceives, visibleAt, id)
  },
  releaseAll: () => {
    database.run('UPDATE message SET visible_at = 0, in_flight = 0 WHERE in_flight = 1')
  },
  nextVisible: (queue) => {
    const next = database.get(
      'SELECT min(visible_at) AS at FROM message WHERE queue = ? AND dead = 0',
      queue,
    )?.at
    return next === null || next === undefined ? undefined : Number(next)
  },
  status: (queue) => statusOf(database, queue),
  redrive: (queue, now) =>
    database.run(
      'UPDATE message SET dead = 0, receives = 0, visible_at = ? WHERE queue = ? AND dead = 1',
      now,
      queue,
    ),
})

const received = ({ id, body, receives }: SqlRow): Received => ({
  id: Number(id),
  body: String(body),
  receives: Number(receives),
})

const statusOf = (database: Database, queue: string): Omit<SubscriptionStatus, 'name'> => {
  const count = (condition: string) =>
    Number(database.get(`SELECT count(*) AS n FROM message WHERE queue = ? AND ${condition}`, queue)?.n)
  const dead = database.all(
    'SELECT * FROM message WHERE queue = ? AND dead = 1 ORDER BY id LIMIT ?',
    queue,
    DEAD_LETTERS_SHOWN,
  )
  return {
    waiting: count('dead = 0 AND in_flight = 0'),
    inFlight: count('dead = 0 AND in_flight = 1'),
    dead: count('dead = 1'),
    deadLetters: dead.map(deadLetter),
  }
}

const deadLetter = ({ event_id, event_type, receives, last_error }: SqlRow): DeadLetter => ({
  eventId: event_id === null ? undefined : String(event_id),
  eventType: event_type === null ? undefined : String(event_type),
  receives: Number(receives),
  lastError: last_error === null ? undefined : String(last_error),
})
