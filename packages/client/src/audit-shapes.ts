import type { Page, Paging } from './shapes.ts'

/** CloudEvents 1.0 attributes and the platform's own. */
export interface AuditEvent {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: string
  readonly type: string
  /** The id of the entity it happened to. */
  readonly subject: string
  readonly time: string
  readonly datacontenttype: string
  readonly dataversion: number
  readonly actor: string
  readonly correlationid: string
  /** The event because of which this one happened. */
  readonly causationid?: string
  readonly entityversion: number
  readonly previoushash: string
  readonly data: Readonly<Record<string, unknown>>
}

/** `endCursor`: after the last of these events, also where no page follows yet; `null` of an empty page. */
export interface AuditPage extends Page<AuditEvent> {
  readonly endCursor?: string | null
}

export interface AuditQuery extends Paging {
  readonly entity?: string | undefined
  readonly type?: string | undefined
  readonly actor?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
}

export interface SecurityEventQuery extends Pick<AuditQuery, 'from' | 'to'>, Paging {
  /** Whom they are for; the platform itself unless given. */
  readonly audience?: string | undefined
}

export interface HeadQuery extends Paging {
  readonly entity?: string | undefined
}

/** Where the log of an entity ends. */
export interface AuditHead {
  readonly kind: string
  readonly id: string
  readonly version: number
  /** Hash of its last event. */
  readonly head: string
}

/** That a day was sealed; `seal` is the signed statement, which the published keys verify. */
export interface AuditSeal {
  readonly id: string
  readonly day: string
  readonly events: number
  /** Of them, how many happened on a day before. */
  readonly late: number
  /** Merkle root over the events (RFC 9162). */
  readonly root: string
  /** Hash of the seal of the day before; empty for the first. */
  readonly previous: string
  readonly kid: string
  readonly seal: string
  readonly sealedAt: string
}

/** An event that a seal is over. */
export interface SealLeaf {
  readonly eventId: string
  readonly entity: string
  readonly version: number
  readonly day: string
  readonly hash: string
}
