import { setTimeout } from 'node:timers/promises'
import {
  apiGatewayCaches,
  apiGatewayKeys,
  dynamoAccessRows,
  dynamoLedger,
  eventBridgePublisher,
  lambdaAuthorizerCallers,
  secretsManagerConsumerKeyRings,
  secretsManagerKeyRing,
  secretsManagerRootSecret,
  secretText,
  sqsPipeline,
  sqsWebhookDeliveries,
  waitOf,
} from '@countersign/aws'
import { environmentCredentials } from '@countersign/aws/authorizer'
import { Session } from '@countersign/core/session'
import { ALGORITHMS, DEFAULT_ALGORITHM } from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import { type AllowedHost, Webhooks } from '@countersign/core/webhook'
import * as z from 'zod'
import { type Environment, processServices } from './connect-authorizer.ts'
import { identities } from './identity/identities.ts'
import type { Services } from './services.ts'
import { webhookReceivers } from './webhook-receivers.ts'

const Name = z.string().min(1)
const Queues = z.record(z.string(), z.strictObject({ queueUrl: z.url(), deadLetterQueueUrl: z.url() }))

/** What the stacks put into a function's environment; each function gets the variables of its own links. */
const Variables = {
  LEDGER_TABLE: Name,
  ACCESS_TABLE: Name,
  BUS_NAME: Name,
  UNPUBLISHED_QUEUE_URL: z.url(),
  KEY_RING_SECRET: Name,
  ACCOUNT_ID: Name,
  /** Names of the authorizer's functions, with commas between them. */
  AUTHORIZER_FUNCTIONS: Name.transform((text) => text.split(',')),
  AWS_REGION: Name,
  SEAL_KEYS_SECRET: Name,
  API_KEY_SECRET: Name,
  CONSUMER_KEYS_PREFIX: Name,
  /** `{"<subscription>": {"queueUrl": "…", "deadLetterQueueUrl": "…"}}` */
  SUBSCRIPTION_QUEUES: z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text)
      } catch {
        context.addIssue({ code: 'custom', message: 'not JSON' })
        return z.NEVER
      }
    })
    .pipe(Queues),
  /** `{"sessionSeconds": 900, "providers": [...]}`: who may vouch for people. */
  SIGN_IN: z.string().transform((text, context): Session.SignInConfiguration => {
    const read = Session.readSignIn(text)
    if (read.ok) return read.value
    context.addIssue({ code: 'custom', message: read.error })
    return z.NEVER
  }),
  DIRECTORY_SECRET: Name,
  WEBHOOK_SECRET: Name,
  WEBHOOK_QUEUE_URL: z.url(),
  /** Hosts that webhooks may lead to over http and whatever their addresses, with commas between them. */
  WEBHOOK_HOSTS: z.string().transform((text, context): readonly AllowedHost[] => {
    const read = Webhooks.readAllowedHosts(text)
    if (read.ok) return read.value
    context.addIssue({ code: 'custom', message: `"${read.error}" is no host` })
    return z.NEVER
  }),
  ISSUER: Name,
  /** Of the keys that rotations make; those of the ring stay what they are. */
  SIGNING_ALGORITHM: z
    .enum(ALGORITHMS)
    .refine(SigningKey.isAvailable, 'this Node cannot sign with it; ML-DSA-44 needs Node 24.7 or later')
    .default(DEFAULT_ALGORITHM),
  RING_REFRESH_SECONDS: z.coerce.number().int().min(1).max(999_999),
} as const

type Variable = keyof typeof Variables

const reader =
  (environment: Environment) =>
  <V extends Variable>(name: V): z.output<(typeof Variables)[V]> => {
    const text = environment[name]
    if (text === undefined && !Variables[name].safeParse(undefined).success)
      throw new Error(`the environment variable ${name} is missing`)
    const value = Variables[name].safeParse(text)
    if (!value.success)
      throw new Error(`the environment variable ${name} cannot be read`, { cause: value.error })
    return value.data as z.output<(typeof Variables)[V]>
  }

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** Made at the first use of a member, and not by being handed on: handlers spread their services. */
const lazily = <T extends object>(make: () => T): T => {
  const made = once(make)
  return new Proxy({} as T, { get: (_, member): unknown => Reflect.get(made(), member) })
}

/**
 * The services on AWS. Each is made when it is first used, because a function has the variables of its own links only;
 * using a service whose variable is missing throws and names it.
 */
export const connect = async (environment: Environment = process.env): Promise<Services> => {
  const read = reader(environment)
  const rings = once(() => secretsManagerConsumerKeyRings({ prefix: read('CONSUMER_KEYS_PREFIX') }))
  return {
    ...processServices,
    pause: async (attempt) => {
      await setTimeout(waitOf(attempt, Math.random))
    },
    ledger: lazily(() =>
      dynamoLedger({ tables: { ledger: read('LEDGER_TABLE'), access: () => read('ACCESS_TABLE') } }),
    ),
    accessRows: lazily(() => dynamoAccessRows({ table: read('ACCESS_TABLE') })),
    keyRing: lazily(() => secretsManagerKeyRing({ secret: read('KEY_RING_SECRET') })),
    sealKeys: lazily(() => secretsManagerKeyRing({ secret: read('SEAL_KEYS_SECRET') })),
    apiKeySecret: lazily(() => secretsManagerRootSecret({ secret: read('API_KEY_SECRET') })),
    gatewayKeys: lazily(() => apiGatewayKeys()),
    consumerKeyRings: (consumerId) => rings()(consumerId),
    publisher: lazily(() =>
      eventBridgePublisher({
        busName: read('BUS_NAME'),
        deadLetterQueueUrl: () => read('UNPUBLISHED_QUEUE_URL'),
      }),
    ),
    identities: lazily(() => {
      const configuration = read('SIGN_IN')
      return identities({
        clock: processServices.clock,
        configuration: () => configuration,
        serviceAccount: secretText({ secret: () => read('DIRECTORY_SECRET') }),
      })
    }),
    pipeline: lazily(() => sqsPipeline({ queues: read('SUBSCRIPTION_QUEUES') })),
    authorizerCallers: lazily(() =>
      lambdaAuthorizerCallers({
        functionNames: read('AUTHORIZER_FUNCTIONS'),
        region: read('AWS_REGION'),
        endpoint: environment.AWS_ENDPOINT_URL || undefined,
        credentials: () => environmentCredentials(environment),
      }),
    ),
    authorizerCaches: lazily(() =>
      apiGatewayCaches({
        accountId: read('ACCOUNT_ID'),
        endpoint: environment.AWS_ENDPOINT_URL || undefined,
        credentials: () => environmentCredentials(environment),
      }),
    ),
    webhookSecret: lazily(() => secretsManagerRootSecret({ secret: read('WEBHOOK_SECRET') })),
    webhookDeliveries: lazily(() => sqsWebhookDeliveries({ queueUrl: read('WEBHOOK_QUEUE_URL') })),
    webhookReceivers: lazily(() => {
      const hosts = read('WEBHOOK_HOSTS')
      return webhookReceivers({ allowedHosts: () => hosts, clock: processServices.clock })
    }),
    settings: {
      get issuer() {
        return read('ISSUER')
      },
      get ringRefreshSeconds() {
        return read('RING_REFRESH_SECONDS')
      },
      get signingAlgorithm() {
        return read('SIGNING_ALGORITHM')
      },
    },
  }
}
