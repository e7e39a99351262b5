import { EVENT_SOURCE, type EventOf } from '@countersign/core/events'
import { Session } from '@countersign/core/session'
import { idFrom } from '@countersign/core/shared'
import type { LogLine, Services } from '@countersign/functions/runtime/services'
import { webhookReceivers } from '@countersign/functions/runtime/webhook-receivers'
import {
  LOCAL_ISSUER,
  openDatabase,
  sqliteAccessRows,
  sqliteAuthorizerCallers,
  sqliteGatewayKeys,
  sqliteKeyRing,
  sqliteLedger,
  sqliteQueues,
  sqliteRootSecret,
  sqliteWebhookDeliveries,
} from '@countersign/local'
import { subscriptions, takes } from '@countersign/topology'
import type {
  APIGatewayProxyEvent,
  APIGatewayRequestAuthorizerEvent,
  DynamoDBStreamEvent,
  SQSEvent,
} from 'aws-lambda'

/** A rule of EventBridge for each subscription: what matches source and type goes into its queue. */
const queuesOf = (type: string): readonly string[] =>
  Object.entries(subscriptions).flatMap(([queue, subscription]) =>
    takes(subscription, EVENT_SOURCE, type) ? [queue] : [],
  )

const delivered = (event: EventOf): string =>
  JSON.stringify({
    id: event.id,
    source: EVENT_SOURCE,
    'detail-type': event.type,
    time: event.time,
    detail: event,
  })

/** Every port in memory, and nobody who drives them: the test itself takes each step. */
export const standStill = (now: Date) => {
  const database = openDatabase(':memory:')
  const queues = sqliteQueues(database)
  const lines: LogLine[] = []
  let drawn = 0
  const bytes = (count: number) => {
    drawn += 1
    return Buffer.from(
      Array.from({ length: count }, (_, index) => (drawn * 37 + index * 101 + (drawn >> 3)) % 256),
    )
  }
  const services: Services = {
    ledger: sqliteLedger(database),
    accessRows: sqliteAccessRows(database),
    keyRing: sqliteKeyRing(database),
    sealKeys: sqliteKeyRing(database, 'SealKeys'),
    apiKeySecret: sqliteRootSecret(database, 'ApiKeys'),
    gatewayKeys: sqliteGatewayKeys(database),
    consumerKeyRings: (consumerId) => sqliteKeyRing(database, consumerId),
    identities: Session.NOBODY,
    publisher: {
      publish: async (events) => {
        const messages = events.flatMap((event) =>
          queuesOf(event.type).map((queue) => ({
            queue,
            body: delivered(event),
            eventId: event.id,
            eventType: event.type,
            visibleAt: 0,
          })),
        )
        queues.send(messages)
        return []
      },
    },
    pipeline: { status: async () => ({ unrelayed: 0, subscriptions: [] }), redrive: async () => undefined },
    authorizerCaches: { flush: async () => 'flushed' },
    authorizerCallers: sqliteAuthorizerCallers(database),
    webhookSecret: sqliteRootSecret(database, 'Webhooks'),
    webhookDeliveries: sqliteWebhookDeliveries(
      queues,
      () => now,
      () => {},
    ),
    webhookReceivers: webhookReceivers({ allowedHosts: () => [], clock: () => now }),
    clock: () => now,
    newId: (kind) => idFrom(kind, bytes(16)),
    randomBytes: bytes,
    settings: { issuer: LOCAL_ISSUER, ringRefreshSeconds: 60 },
    log: (line) => void lines.push(line),
  }
  /** Accounts whose API Gateways may call the authorizer, `region-account`. */
  const admitted = () =>
    database
      .all('SELECT account_id, region FROM authorizer_caller ORDER BY region, account_id')
      .map(({ account_id, region }) => `${region}-${account_id}`)
  return { services, queues, lines, admitted, close: () => database.close() }
}

/** What API Gateway hands to the function of a route. */
export const proxied = (
  route: string,
  pathParameters: Readonly<Record<string, string>>,
  body?: object,
): APIGatewayProxyEvent => {
  const [httpMethod, resource] = route.split(' ')
  const path = (resource ?? '').replaceAll(/\{(\w+)\}/g, (_, name: string) => pathParameters[name] ?? '')
  return {
    resource,
    path,
    httpMethod,
    headers: { 'content-type': 'application/json' },
    pathParameters,
    queryStringParameters: null,
    body: body === undefined ? null : JSON.stringify(body),
    isBase64Encoded: false,
    requestContext: {
      requestId: `request of ${route}`,
      authorizer: { consumerId: 'con_operator' },
      identity: {},
    },
  } as unknown as APIGatewayProxyEvent
}

/** What API Gateway asks a REST `REQUEST` authorizer. */
export const asking = (
  methodArn: string,
  headers: Readonly<Record<string, string>>,
): APIGatewayRequestAuthorizerEvent =>
  ({
    type: 'REQUEST',
    methodArn,
    headers,
    multiValueHeaders: null,
  }) as unknown as APIGatewayRequestAuthorizerEvent

/** What DynamoDB Streams tells of new event items. */
export const streamed = (events: readonly EventOf[]): DynamoDBStreamEvent => ({
  Records: events.map((event, index) => ({
    eventName: 'INSERT',
    dynamodb: { SequenceNumber: String(index + 1), NewImage: { event: { S: JSON.stringify(event) } } },
  })),
})

/** What Lambda polls from a queue. */
export const polled = (messages: readonly { readonly id: number; readonly body: string }[]): SQSEvent =>
  ({ Records: messages.map(({ id, body }) => ({ messageId: String(id), body })) }) as unknown as SQSEvent
