import type { AccessRowStore } from '@countersign/core/access'
import type { Pipeline, Publisher } from '@countersign/core/events'
import type { Ledger } from '@countersign/core/ledger'
import type { AuthorizerCaches, AuthorizerCallers } from '@countersign/core/registry'
import type { Identities } from '@countersign/core/session'
import type { Algorithm, NewId, RootSecretStore } from '@countersign/core/shared'
import type { ConsumerKeyRings, KeyRingStore } from '@countersign/core/signing-key'
import type { GatewayKeys } from '@countersign/core/usage-plan'
import type { WebhookDeliveries, WebhookReceivers } from '@countersign/core/webhook'

/** One line of the structured log. No token, key or secret is ever among the members. */
export type Log = (line: LogLine) => void

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
  readonly [member: string]: unknown
}

export interface Settings {
  /** `iss` of every platform-issued token. */
  readonly issuer: string
  /** How often a warm authorizer looks at the key ring again, in seconds. */
  readonly ringRefreshSeconds: number
  /** Of the keys that rotations make from now on; `HS512` unless given. */
  readonly signingAlgorithm?: Algorithm
}

/** The ports a handler may ask for. Adapters live in `packages/aws` and `packages/local`. */
export interface Services {
  readonly ledger: Ledger
  readonly accessRows: AccessRowStore
  readonly keyRing: KeyRingStore
  /** What signs seals and exports of the log: the newest of its keys. */
  readonly sealKeys: KeyRingStore
  readonly apiKeySecret: RootSecretStore
  readonly gatewayKeys: GatewayKeys
  readonly consumerKeyRings: ConsumerKeyRings
  readonly identities: Identities
  readonly publisher: Publisher
  readonly pipeline: Pipeline
  readonly authorizerCallers: AuthorizerCallers
  readonly authorizerCaches: AuthorizerCaches
  readonly webhookSecret: RootSecretStore
  readonly webhookDeliveries: WebhookDeliveries
  readonly webhookReceivers: WebhookReceivers
  readonly clock: () => Date
  readonly newId: NewId
  /** From a CSPRNG. */
  readonly randomBytes: (count: number) => Uint8Array
  readonly settings: Settings
  readonly log: Log
  /**
   * Waits before a command that lost a race is decided again, longer with every attempt (0, 1, …) and never in step with the
   * winner. Absent where one process alone writes.
   */
  readonly pause?: (attempt: number) => Promise<void>
}

/** What the process itself gives to every function. */
export type ProcessService = 'clock' | 'newId' | 'randomBytes' | 'log' | 'pause'

/** Of a process: what the stacks put there; each function gets the variables of its own links. */
export type Environment = Readonly<Record<string, string | undefined>>
