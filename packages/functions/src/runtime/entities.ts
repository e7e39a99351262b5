import type { ApiKey, ApiKeyFact } from '@countersign/core/api-key'
import * as ApiKeys from '@countersign/core/api-key/module'
import type { Seal, SealFact } from '@countersign/core/audit'
import * as Audit from '@countersign/core/audit/module'
import type { ConsumerFact } from '@countersign/core/consumer'
import * as Consumer from '@countersign/core/consumer/module'
import type { TokenUse, UseFact } from '@countersign/core/decision-log'
import * as DecisionLog from '@countersign/core/decision-log/module'
import type { FactOf } from '@countersign/core/events'
import type { Ledger, Loaded } from '@countersign/core/ledger'
import type { Lockdown, LockdownFact } from '@countersign/core/lockdown'
import * as Lockdowns from '@countersign/core/lockdown/module'
import type { Api, ApiChange } from '@countersign/core/registry'
import * as Registry from '@countersign/core/registry/module'
import type { Revocation, RevocationFact } from '@countersign/core/revocation'
import * as Revocations from '@countersign/core/revocation/module'
import type { SessionFact } from '@countersign/core/session'
import * as Session from '@countersign/core/session/module'
import { isId } from '@countersign/core/shared'
import type { KeyLog, SealKeyFact, SealKeyLog } from '@countersign/core/signing-key'
import * as SigningKey from '@countersign/core/signing-key/module'
import type { TokenFact } from '@countersign/core/token'
import * as Token from '@countersign/core/token/module'
import type { UsagePlan, UsagePlanFact } from '@countersign/core/usage-plan'
import * as UsagePlans from '@countersign/core/usage-plan/module'
import type { Webhook, WebhookFact } from '@countersign/core/webhook'
import * as Webhooks from '@countersign/core/webhook/module'
import type { EntityShape } from './command.ts'

type TokenState = Token.Token
type ConsumerState = Consumer.Consumer

export const tokenShape: EntityShape<TokenState, TokenFact> = {
  kind: 'token',
  evolve: Token.evolve,
  labelsOf: Token.labelsOf,
  createdAtOf: (token) => token.createdAt,
  expiresAtOf: Token.endOf,
}

export const consumerShape: EntityShape<ConsumerState, ConsumerFact> = {
  kind: 'consumer',
  evolve: Consumer.evolve,
  labelsOf: Consumer.labelsOf,
  createdAtOf: ({ registeredAt }) => registeredAt,
}

export const apiShape: EntityShape<Api, ApiChange> = {
  kind: 'api',
  evolve: Registry.evolve,
  labelsOf: Registry.labelsOf,
  createdAtOf: ({ registeredAt }) => registeredAt,
}

export const usagePlanShape: EntityShape<UsagePlan, UsagePlanFact> = {
  kind: 'usage-plan',
  evolve: UsagePlans.evolve,
  labelsOf: UsagePlans.labelsOf,
  createdAtOf: ({ createdAt }) => createdAt,
}

export const apiKeyShape: EntityShape<ApiKey, ApiKeyFact> = {
  kind: 'api-key',
  evolve: ApiKeys.evolve,
  labelsOf: ApiKeys.labelsOf,
  createdAtOf: ({ createdAt }) => createdAt,
}

export const webhookShape: EntityShape<Webhook, WebhookFact> = {
  kind: 'webhook',
  evolve: Webhooks.evolve,
  labelsOf: Webhooks.labelsOf,
  createdAtOf: ({ registeredAt }) => registeredAt,
}

export const revocationShape: EntityShape<Revocation, RevocationFact> = {
  kind: 'revocation',
  evolve: Revocations.evolve,
  labelsOf: Revocations.labelsOf,
  createdAtOf: ({ begunAt }) => begunAt,
}

export const lockdownShape: EntityShape<Lockdown, LockdownFact> = {
  kind: 'lockdown',
  evolve: Lockdowns.evolve,
  labelsOf: Lockdowns.labelsOf,
  createdAtOf: ({ firstAt }) => firstAt,
}

/** A publication that was refused is an entity of one event: nothing can be changed about it. */
export const publicationShape: EntityShape<
  { readonly refusedAt: string },
  FactOf<'api.registration-rejected'>
> = {
  kind: 'publication',
  evolve: (_, __, time) => ({ refusedAt: time }),
  labelsOf: () => [],
  createdAtOf: ({ refusedAt }) => refusedAt,
}

export const sessionShape: EntityShape<Session.Session, SessionFact> = {
  kind: 'session',
  evolve: Session.evolve,
  labelsOf: Session.labelsOf,
  createdAtOf: ({ issuedAt }) => issuedAt,
  expiresAtOf: ({ expiresAt }) => expiresAt,
}

export const tokenUseShape: EntityShape<TokenUse, UseFact> = {
  kind: 'token-use',
  evolve: DecisionLog.evolveUse,
  labelsOf: () => [],
  createdAtOf: ({ recordedAt }) => recordedAt,
}

export const keyLogShape: EntityShape<KeyLog, Parameters<typeof SigningKey.evolve>[1]> = {
  kind: 'key-ring',
  evolve: (log, fact) => SigningKey.evolve(log ?? SigningKey.NO_KEYS, fact),
  labelsOf: () => [],
  createdAtOf: () => '1970-01-01T00:00:00.000Z',
}

export const sealKeyLogShape: EntityShape<SealKeyLog, SealKeyFact> = {
  kind: 'key-ring',
  evolve: (log, fact) => SigningKey.evolveSealKeys(log ?? SigningKey.NO_SEAL_KEYS, fact),
  labelsOf: () => [],
  createdAtOf: () => '1970-01-01T00:00:00.000Z',
}

export const sealShape: EntityShape<Seal, SealFact> = {
  kind: 'seal',
  evolve: (_, { data }) => data,
  labelsOf: () => [],
  createdAtOf: ({ day }) => Audit.startOfDay(day).toISOString(),
}

export const loadToken = (ledger: Ledger, id: string) => ledger.load<TokenState>('token', id)
export const loadSession = (ledger: Ledger, id: string) => ledger.load<Session.Session>('session', id)
export const loadConsumer = (ledger: Ledger, id: string) => ledger.load<ConsumerState>('consumer', id)
export const loadSeal = (ledger: Ledger, day: string) => ledger.load<Seal>('seal', Audit.sealIdOf(day))
export const loadKeyLog = (ledger: Ledger) => ledger.load<KeyLog>('key-ring', SigningKey.KEY_RING_ID)

export const loadWebhook = (ledger: Ledger, id: string) => ledger.load<Webhook>('webhook', id)

export const loadApiKey = (ledger: Ledger, id: string) => ledger.load<ApiKey>('api-key', id)

export type KnownPlan = Loaded<UsagePlan> & { readonly state: UsagePlan }

/** A usage plan by its name or id. */
export const findUsagePlan = async (ledger: Ledger, nameOrId: string): Promise<KnownPlan | undefined> => {
  const named = isId('usage-plan', nameOrId)
    ? nameOrId
    : (await ledger.claim(UsagePlans.nameClaim(nameOrId))).owner
  if (named === undefined) return undefined
  const loaded = await ledger.load<UsagePlan>('usage-plan', named)
  return isPlan(loaded) ? loaded : undefined
}

const isPlan = (loaded: Loaded<UsagePlan>): loaded is KnownPlan => loaded.state !== undefined

/** Those of the names or ids that there are. */
export const findUsagePlans = async (
  ledger: Ledger,
  namesOrIds: readonly string[],
): Promise<ReadonlyMap<string, KnownPlan>> => {
  const found = await Promise.all(
    [...new Set(namesOrIds)].map(async (asked) => [asked, await findUsagePlan(ledger, asked)] as const),
  )
  return new Map(found.flatMap(([asked, plan]) => (plan ? [[asked, plan] as const] : [])))
}

export type RegisteredApi = Loaded<Api> & { readonly state: Api }

/** A registered API by its name or id; a deregistered one is not found. */
export const findApi = async (ledger: Ledger, nameOrId: string): Promise<RegisteredApi | undefined> => {
  const id = isId('api', nameOrId) ? nameOrId : (await ledger.claim(Registry.nameClaim(nameOrId))).owner
  if (id === undefined) return undefined
  const loaded = await ledger.load<Api>('api', id)
  return isRegistered(loaded) ? loaded : undefined
}

const isRegistered = (loaded: Loaded<Api>): loaded is RegisteredApi => loaded.state?.status === 'registered'
