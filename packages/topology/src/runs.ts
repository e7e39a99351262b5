import type { EventType, HubEventType } from '@countersign/core/events'
import type { Authorization } from '@countersign/core/shared'
import type { tables } from './topology.ts'

/** What a function may touch, and how. Each is a least-privilege policy on AWS and a set of ports on one machine. */
export type Link =
  /** One entity, claim or kept answer by its key. */
  | 'ledger:read'
  /** Entities of a kind, page by page. */
  | 'ledger:list'
  /** The event log, page by page. */
  | 'ledger:log'
  /** The same by time alone. */
  | 'ledger:days'
  /** Reading by key, and the command's transaction; without `access:write` it takes no access away. */
  | 'ledger:write'
  /** The transaction alone, for what begins something new and has nothing to look up. */
  | 'ledger:append'
  /** Trying whether anything could be written, without writing. */
  | 'ledger:probe'
  | 'access:read'
  | 'access:write'
  | 'bus:publish'
  | 'key-ring:read'
  | 'key-ring:rotate'
  /** What signs seals and exports of the log. */
  | 'seal-keys:read'
  | 'seal-keys:rotate'
  | 'api-keys:derive'
  | 'usage-plans:provision'
  | 'consumer-keys:read'
  | 'consumer-keys:rotate'
  /** Who vouches for people, and what they are members of. */
  | 'identities:read'
  | 'queues:inspect'
  | 'queues:redrive'
  /** What gateways keep of the authorizer's answers. */
  | 'authorizer-caches:flush'
  /** Who may call the authorizer. */
  | 'authorizer:admit'
  /** What is to be sent to webhooks: putting it into their queue, and trying it later. */
  | 'webhooks:enqueue'
  | 'webhooks:postpone'
  | 'webhooks:sign'
  /** Connections to wherever a webhook's URL leads. */
  | 'webhooks:reach'

export interface Runs {
  /** From the repository root, without extension; it exports `make` and `handler`. */
  readonly module: string
  readonly links: readonly Link[]
  readonly memoryMegabytes?: number
  /** Files the bundled module reads at run time: from the repository root, to the bundle's folder. */
  readonly files?: readonly { readonly from: string; readonly to: string }[]
}

export interface HttpRoute extends Runs {
  readonly authorization: Extract<Authorization, 'token' | 'open'>
  /** May principals of named accounts call it, who sign with IAM credentials and bear no token? */
  readonly machines: boolean
}

/** Messages wait for a function in a queue of its own. */
export interface Inbox extends Runs {
  /** Receives before a message is given up to the dead-letter queue. */
  readonly maxReceiveCount: number
  readonly timeoutSeconds: number
  /** Functions that work on it at the same time, at most (SQS: 2 or more), where what they call is paced. */
  readonly mostAtOnce?: number
  /** From one call of such a function to its next, in milliseconds. */
  readonly callMilliseconds?: number
}

export interface Subscription extends Inbox {
  readonly source: 'countersign' | 'api-hub'
  /** `every`: whatever its source says, in types of later versions, too. */
  readonly on: readonly [EventType | HubEventType, ...(EventType | HubEventType)[]] | 'every'
}

export interface Stream extends Runs {
  readonly table: keyof typeof tables
  readonly maxRetries: number
  readonly maxRecordAgeSeconds: number
}

export interface Schedule extends Runs {
  /** 60 unless given. */
  readonly timeoutSeconds?: number
  /** `rate(…)` of EventBridge Scheduler. */
  readonly every: `rate(${number} ${'minute' | 'minutes' | 'hour' | 'hours' | 'day' | 'days'})`
}

export interface LogSubscription extends Runs {
  /** Whose logs. */
  readonly of: readonly ('authorizer' | 'simpleAuthorizer')[]
  /** Which lines, in the filter syntax of CloudWatch Logs, and the same for a reader of one machine. */
  readonly pattern: string
  readonly takes: {
    readonly message: string
    readonly either: readonly Readonly<Record<string, string | boolean>>[]
  }
  readonly timeoutSeconds: number
}

export interface Rotation extends Runs {
  readonly secret: 'KeyRing' | 'SealKeys'
  readonly everyDays: number
}
