import type * as z from 'zod'
import * as access from './access.ts'
import * as api from './api.ts'
import * as apiKey from './api-key.ts'
import * as audit from './audit.ts'
import * as consumer from './consumer.ts'
import type { Envelope } from './envelope.ts'
import * as lockdown from './lockdown.ts'
import * as revocation from './revocation.ts'
import * as session from './session.ts'
import * as key from './signing-key.ts'
import * as token from './token.ts'
import * as usage from './usage-plan.ts'
import * as webhook from './webhook.ts'

/** Every event the platform can emit. An event that is not listed here does not exist. */
export const catalog = {
  [token.TokenRequested.type]: token.TokenRequested,
  [token.TokenApproved.type]: token.TokenApproved,
  [token.TokenRejected.type]: token.TokenRejected,
  [token.TokenIssued.type]: token.TokenIssued,
  [token.TokenCollected.type]: token.TokenCollected,
  [token.TokenRerolled.type]: token.TokenRerolled,
  [token.TokenExpiring.type]: token.TokenExpiring,
  [token.TokenDisabled.type]: token.TokenDisabled,
  [token.TokenEnabled.type]: token.TokenEnabled,
  [token.TokenRevoked.type]: token.TokenRevoked,
  [revocation.RevocationBegun.type]: revocation.RevocationBegun,
  [revocation.RevocationCompleted.type]: revocation.RevocationCompleted,
  [lockdown.LockdownBegun.type]: lockdown.LockdownBegun,
  [lockdown.LockdownEnded.type]: lockdown.LockdownEnded,
  [consumer.ConsumerRegistered.type]: consumer.ConsumerRegistered,
  [consumer.ConsumerGrantsRequested.type]: consumer.ConsumerGrantsRequested,
  [consumer.ConsumerGrantsChanged.type]: consumer.ConsumerGrantsChanged,
  [consumer.ConsumerSecretRotated.type]: consumer.ConsumerSecretRotated,
  [consumer.ConsumerTokensRevoked.type]: consumer.ConsumerTokensRevoked,
  [consumer.ConsumerSuspended.type]: consumer.ConsumerSuspended,
  [consumer.ConsumerResumed.type]: consumer.ConsumerResumed,
  [api.ApiRegistered.type]: api.ApiRegistered,
  [api.ApiUpdated.type]: api.ApiUpdated,
  [api.ApiDeployed.type]: api.ApiDeployed,
  [api.ApiDeregistered.type]: api.ApiDeregistered,
  [api.AccessRuleChanged.type]: api.AccessRuleChanged,
  [api.ApiRegistrationRejected.type]: api.ApiRegistrationRejected,
  [usage.UsagePlanChanged.type]: usage.UsagePlanChanged,
  [apiKey.ApiKeyCreated.type]: apiKey.ApiKeyCreated,
  [apiKey.ApiKeyRotated.type]: apiKey.ApiKeyRotated,
  [apiKey.ApiKeyRetired.type]: apiKey.ApiKeyRetired,
  [apiKey.ApiKeyDisabled.type]: apiKey.ApiKeyDisabled,
  [key.SigningKeyCreated.type]: key.SigningKeyCreated,
  [key.SigningKeyActivated.type]: key.SigningKeyActivated,
  [key.SigningKeyRetired.type]: key.SigningKeyRetired,
  [key.SigningKeyCompromised.type]: key.SigningKeyCompromised,
  [key.KeyRingRotationFailed.type]: key.KeyRingRotationFailed,
  [session.SessionStarted.type]: session.SessionStarted,
  [session.SessionGroupsChanged.type]: session.SessionGroupsChanged,
  [session.SessionEnded.type]: session.SessionEnded,
  [access.AccessDenied.type]: access.AccessDenied,
  [access.TokenUsed.type]: access.TokenUsed,
  [audit.AuditDayGathered.type]: audit.AuditDayGathered,
  [audit.AuditDaySealed.type]: audit.AuditDaySealed,
  [audit.SealKeyCreated.type]: audit.SealKeyCreated,
  [audit.SealKeyRotationFailed.type]: audit.SealKeyRotationFailed,
  [webhook.WebhookRegistered.type]: webhook.WebhookRegistered,
  [webhook.WebhookChanged.type]: webhook.WebhookChanged,
  [webhook.WebhookDisabled.type]: webhook.WebhookDisabled,
  [webhook.WebhookEnabled.type]: webhook.WebhookEnabled,
  [webhook.WebhookSecretRotated.type]: webhook.WebhookSecretRotated,
  [webhook.WebhookTested.type]: webhook.WebhookTested,
  [webhook.WebhookDeliveryFailed.type]: webhook.WebhookDeliveryFailed,
  [webhook.WebhookDeliveryRecovered.type]: webhook.WebhookDeliveryRecovered,
} as const

type Catalog = typeof catalog
export type EventType = keyof Catalog
export type EventData<T extends EventType> = z.output<Catalog[T]['data']>

/** `EventOf<'token.issued' | 'token.revoked'>` is a discriminated union on `type`. */
export type EventOf<T extends EventType = EventType> = { [K in T]: Envelope<K, EventData<K>> }[T]

/** What a decision produces: that something happened, before the ledger gives it its place in the log. */
export type FactOf<T extends EventType = EventType> = {
  [K in T]: { readonly type: K; readonly data: EventData<K> }
}[T]

export const isEventType = (type: string): type is EventType => Object.hasOwn(catalog, type)
