import type { EventType } from '@countersign/core/events'
import type { Inbox, Subscription } from './runs.ts'
import { openApiSchemas } from './schemas.ts'

const functions = 'packages/functions/src'

/** Who reacts to what. `stacks/` and the local runtime read this and nothing else. */
export const subscriptions = {
  ProjectAccess: {
    module: `${functions}/subscribers/project-access`,
    source: 'countersign',
    on: [
      'token.issued',
      'token.rerolled',
      'token.disabled',
      'token.enabled',
      'token.revoked',
      'api.updated',
      'api.deployed',
      'api.deregistered',
      'access-rule.changed',
    ],
    links: ['access:write'],
    maxReceiveCount: 5,
    timeoutSeconds: 10,
  },
  ProvisionUsagePlan: {
    module: `${functions}/subscribers/provision-usage-plan`,
    source: 'countersign',
    on: [
      'usage-plan.changed',
      'api-key.created',
      'api-key.rotated',
      'api-key.retired',
      'api-key.disabled',
      'consumer.suspended',
      'consumer.resumed',
      'api.updated',
      'api.deployed',
      'api.deregistered',
      'token.issued',
    ],
    links: ['ledger:read', 'ledger:list', 'api-keys:derive', 'usage-plans:provision'],
    maxReceiveCount: 10,
    // At the pace of the control plane, the keys of a large consumer take minutes.
    timeoutSeconds: 300,
    mostAtOnce: 2,
    callMilliseconds: 350,
  },
  RegisterPublishedApi: {
    module: `${functions}/subscribers/register-published-api`,
    source: 'api-hub',
    on: ['api-hub.api-published', 'api-hub.api-withdrawn'],
    links: ['ledger:write', 'ledger:list', 'access:write'],
    maxReceiveCount: 5,
    timeoutSeconds: 30,
    memoryMegabytes: 1_024,
    files: [openApiSchemas],
  },
  FlushAuthorizerCaches: {
    module: `${functions}/subscribers/flush-authorizer-caches`,
    source: 'countersign',
    on: [
      'token.disabled',
      'token.rerolled',
      'token.revoked',
      'consumer.suspended',
      'consumer.grants-changed',
      'consumer.secret-rotated',
      'consumer.tokens-revoked',
      'signing-key.compromised',
      'revocation.begun',
      'lockdown.begun',
      'session.groups-changed',
      'session.ended',
      'access-rule.changed',
      'api.updated',
      'api.deregistered',
    ],
    links: ['ledger:read', 'ledger:list', 'authorizer-caches:flush'],
    maxReceiveCount: 5,
    timeoutSeconds: 60,
    mostAtOnce: 2,
    callMilliseconds: 500,
  },
  AdmitAccounts: {
    module: `${functions}/subscribers/admit-accounts`,
    source: 'countersign',
    on: ['api.updated', 'api.deployed', 'api.deregistered'],
    links: ['ledger:read', 'ledger:list', 'authorizer:admit'],
    maxReceiveCount: 5,
    timeoutSeconds: 30,
  },
  FanOutToWebhooks: {
    module: `${functions}/subscribers/fan-out-to-webhooks`,
    source: 'countersign',
    on: 'every',
    links: ['ledger:list', 'webhooks:enqueue'],
    maxReceiveCount: 5,
    timeoutSeconds: 30,
  },
} as const satisfies Record<string, Subscription>

export type SubscriptionName = keyof typeof subscriptions

/** Is it told of events of this source and type? */
export const takes = (
  { source: wanted, on }: Pick<Subscription, 'source' | 'on'>,
  source: string,
  type: string,
): boolean => wanted === source && (on === 'every' || (on as readonly string[]).includes(type))

/** What functions leave for other functions to do, message by message, past the bus. */
export const workQueues = {
  DeliverToWebhooks: {
    module: `${functions}/queues/deliver-to-webhooks`,
    links: ['ledger:write', 'webhooks:sign', 'webhooks:reach', 'webhooks:postpone'],
    // As many as core has attempts of a delivery.
    maxReceiveCount: 9,
    timeoutSeconds: 30,
    mostAtOnce: 20,
  },
} as const satisfies Record<string, Inbox>

/** Everything that has a queue with dead letters. */
export const inboxes = { ...subscriptions, ...workQueues }

export type InboxName = keyof typeof inboxes

/** Events that no function of the platform reacts to: they are read in the audit log, by webhooks, and by rules of others on the bus. */
export const auditOnly = [
  'token.requested',
  'token.approved',
  'token.rejected',
  'token.collected',
  'token.expiring',
  'consumer.registered',
  'consumer.grants-requested',
  'api.registered',
  'api.registration-rejected',
  'signing-key.created',
  'signing-key.activated',
  'signing-key.retired',
  'revocation.completed',
  'key-ring.rotation-failed',
  'session.started',
  'access.denied',
  'token.used',
  'audit.day-gathered',
  'audit.day-sealed',
  'seal-key.created',
  'seal-key.rotation-failed',
  'lockdown.ended',
  'webhook.registered',
  'webhook.changed',
  'webhook.disabled',
  'webhook.enabled',
  'webhook.secret-rotated',
  'webhook.tested',
  'webhook.delivery-failed',
  'webhook.delivery-recovered',
] as const satisfies readonly EventType[]
