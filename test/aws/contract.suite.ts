import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { apiGatewayKeys } from '@countersign/aws/api-gateway-keys'
import { environmentCredentials, fetchConsumerKeyRings, fetchKeyRing } from '@countersign/aws/authorizer'
import { eventBridgePublisher } from '@countersign/aws/event-bridge-publisher'
import { lambdaAuthorizerCallers } from '@countersign/aws/lambda-authorizer-callers'
import {
  secretsManagerConsumerKeyRings,
  secretsManagerKeyRing,
} from '@countersign/aws/secrets-manager-key-ring'
import { sqsPipeline } from '@countersign/aws/sqs-pipeline'
import { sqsWebhookDeliveries } from '@countersign/aws/sqs-webhook-deliveries'
import { type InboxName, inboxes, subscriptions } from '@countersign/topology'
import { afterAll, describe, expect, it } from 'vitest'
import { authorizerCallersContract } from '../contract/authorizer-callers.ts'
import { anyEvent, newIds } from '../contract/changes.ts'
import { gatewayKeysContract, type KeyStore } from '../contract/gateway-keys.ts'
import { keyRingContract } from '../contract/key-ring.ts'
import { type Delivery, pipelineContract, type Road } from '../contract/pipeline.ts'
import { webhookDeliveriesContract } from '../contract/webhook-deliveries.ts'
import { evaluate } from '../stacks/evaluate.ts'
import { the } from '../stacks/graph.ts'
import { resourcesOf } from './another.ts'
import { credentialsFor } from './deploy.ts'
import { dynamoContract, PATIENT } from './dynamo-contract.ts'
import { ACCOUNT, REGION, startEmulator } from './emulator.ts'
import { createWire } from './wire.ts'
import { zipOf } from './zip.ts'

const graph = await evaluate('test')
const emulator = await startEmulator()
afterAll(() => emulator.stop())
const { endpoint } = emulator
Object.assign(process.env, credentialsFor(endpoint))
const wire = createWire({ endpoint, region: REGION, account: ACCOUNT })

const { create, another } = resourcesOf(graph, wire)

const nothing = async () => {}

const aws = { region: REGION, endpoint, credentials: () => environmentCredentials(process.env) }

const secret = async (): Promise<string> => {
  const { namePrefix, ...inputs } = the(graph, 'secret', 'KeyRing')
  return (await create('secret', 'KeyRing', { ...inputs, namePrefix: `${namePrefix}${randomUUID()}-` })).id
}

const authorizerRing = async () => {
  const arn = await secret()
  const ring = secretsManagerKeyRing({ secret: arn })
  return { keyRing: { ...ring, ...fetchKeyRing({ ...aws, secret: arn, limits: PATIENT }) }, close: nothing }
}

/** A queue and its dead letters, with the rule of its subscription on a bus; nobody polls. */
const inbox = async (name: InboxName, eventBusName: string) => {
  const dead = await another('queue', `${name}DeadLettersQueue`, { name: `${name}-dead-${randomUUID()}` })
  const redrivePolicy = JSON.stringify({
    deadLetterTargetArn: dead.state.arn,
    maxReceiveCount: inboxes[name].maxReceiveCount,
  })
  const queue = await another('queue', `${name}Queue`, { name: `${name}-${randomUUID()}`, redrivePolicy })
  const queues = [name, { queueUrl: queue.id, deadLetterQueueUrl: dead.id }] as const
  if (!Object.hasOwn(subscriptions, name)) return queues
  const rule = `${name}-${randomUUID()}`.slice(0, 64)
  await another('rule', `${name}Rule`, { name: rule, eventBusName })
  await another('target', `${name}Target`, {
    name: undefined,
    rule,
    eventBusName,
    arn: queue.state.arn,
    deadLetterConfig: { arn: dead.state.arn },
  })
  return queues
}

interface Received {
  readonly ReceiptHandle: string
  readonly Body: string
  readonly Attributes: { readonly ApproximateReceiveCount: string }
}

const receiveFrom = async (QueueUrl: string): Promise<readonly Delivery[]> => {
  const { Messages = [] } = await wire.target('sqs', 'ReceiveMessage', {
    QueueUrl,
    MaxNumberOfMessages: 10,
    VisibilityTimeout: 60,
    MessageSystemAttributeNames: ['ApproximateReceiveCount'],
  })
  return (Messages as readonly Received[]).map(({ ReceiptHandle, Body, Attributes }) => ({
    handle: ReceiptHandle,
    body: Body,
    receives: Number(Attributes.ApproximateReceiveCount),
  }))
}

const road = async (): Promise<Road> => {
  const { id: busName } = await another('bus', 'BusBus')
  const unpublished = await another('queue', 'RelayDeadLettersQueue')
  const names = Object.keys(inboxes) as InboxName[]
  const queues = Object.fromEntries(await Promise.all(names.map((name) => inbox(name, busName)))) as Record<
    InboxName,
    { readonly queueUrl: string; readonly deadLetterQueueUrl: string }
  >
  const held = new Map<string, string>()
  const receive = async (name: InboxName): Promise<readonly Delivery[]> => {
    const QueueUrl = queues[name].queueUrl
    const deliveries = await receiveFrom(QueueUrl)
    for (const { handle } of deliveries) held.set(handle, QueueUrl)
    return deliveries
  }
  return {
    publisher: eventBridgePublisher({ busName, deadLetterQueueUrl: () => unpublished.id }),
    pipeline: sqsPipeline({ queues }),
    receive,
    put: async (name, MessageBody) => {
      await wire.target('sqs', 'SendMessage', { QueueUrl: queues[name].queueUrl, MessageBody })
    },
    done: async ({ handle: ReceiptHandle }) => {
      await wire.target('sqs', 'DeleteMessage', { QueueUrl: held.get(ReceiptHandle), ReceiptHandle })
      held.delete(ReceiptHandle)
    },
    failed: nothing, // SQS is told of nothing: a message comes back when it was not deleted.
    visibleAgain: async () => {
      for (const [ReceiptHandle, QueueUrl] of held)
        await wire.target('sqs', 'ChangeMessageVisibility', { QueueUrl, ReceiptHandle, VisibilityTimeout: 0 })
      held.clear()
    },
    close: nothing,
  }
}

/** A function of its own; only its policy is looked at. */
const callers = async () => {
  const functionName = `authorizer-${randomUUID()}`
  await wire.rest('lambda', 'POST /2015-03-31/functions', {
    FunctionName: functionName,
    Role: `arn:aws:iam::${ACCOUNT}:role/authorizer`,
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Code: { ZipFile: zipOf('index.js', 'exports.handler = async () => {}').toString('base64') },
  })
  const admitted = async () => {
    const { Policy } = await wire.rest('lambda', `GET /2015-03-31/functions/${functionName}/policy`)
    const { Statement } = JSON.parse(String(Policy)) as {
      readonly Statement: readonly { readonly Sid: string }[]
    }
    return Statement.map(({ Sid }) => Sid.replace(/^gateways-/, ''))
  }
  return {
    authorizerCallers: lambdaAuthorizerCallers({ ...aws, functionNames: [functionName] }),
    admitted,
    close: nothing,
  }
}

dynamoContract('in DynamoDB', { another, wire, ...aws })

/** Secrets Manager refuses with `ResourceExistsException`; the adapter's own tests hold it to what it does then. */
const EMULATED = { overwrites: 'the emulator lets a reused token overwrite its version' }
const ring = async () => ({ keyRing: secretsManagerKeyRing({ secret: await secret() }), close: nothing })
keyRingContract('in Secrets Manager', ring, EMULATED)
keyRingContract(
  'of a consumer in Secrets Manager',
  async () => {
    const rings = secretsManagerConsumerKeyRings({ prefix: `consumers-${randomUUID()}/` })
    return { keyRing: rings('con_1'), close: nothing }
  },
  EMULATED,
)
keyRingContract(
  'of a consumer in Secrets Manager, read as the authorizer reads it',
  async () => {
    const prefix = `consumers-${randomUUID()}/`
    const [written, read] = [
      secretsManagerConsumerKeyRings({ prefix })('con_1'),
      fetchConsumerKeyRings({ ...aws, prefix, limits: PATIENT })('con_1'),
    ]
    return { keyRing: { ...written, ...read }, close: nothing }
  },
  EMULATED,
)
keyRingContract('in Secrets Manager, read as the authorizer reads it', authorizerRing, EMULATED)

pipelineContract('on EventBridge and SQS', road)
webhookDeliveriesContract('in SQS', async () => {
  const { id: queueUrl } = await another('queue', 'DeliverToWebhooksQueue', { redrivePolicy: undefined })
  return {
    webhookDeliveries: sqsWebhookDeliveries({ queueUrl }),
    receive: () => receiveFrom(queueUrl),
    failed: nothing,
    pass: async (seconds) => void (await setTimeout(seconds * 1_000)),
    close: nothing,
  }
})

describe('an event that is larger than the bus takes', () => {
  it('lies among the dead letters with its reason, and its neighbours are on their way', async () => {
    const { id: busName } = await another('bus', 'BusBus')
    const { id: QueueUrl } = await another('queue', 'RelayDeadLettersQueue')
    const publisher = eventBridgePublisher({ busName, deadLetterQueueUrl: () => QueueUrl })
    const event = anyEvent(newIds())
    const huge = { ...event, id: `${event.id}huge`, correlationid: 'x'.repeat(300_000) }
    expect(await publisher.publish([huge, event])).toMatchObject([{ eventId: huge.id, retryable: false }])
    const { Messages = [] } = await wire.target('sqs', 'ReceiveMessage', { QueueUrl })
    const letters = (Messages as readonly Received[]).map(({ Body }) => JSON.parse(Body))
    expect(letters).toMatchObject([
      { reason: expect.stringContaining('262144 at most'), event: { id: huge.id, subject: event.subject } },
    ])
  })
})
authorizerCallersContract("in Lambda's function policy", callers)

interface ListedPlan {
  readonly id: string
  readonly name: string
  readonly apiStages: readonly { readonly apiId: string; readonly stage: string }[]
  readonly quota?: { readonly limit: number | string; readonly period: string }
  readonly throttle?: { readonly rateLimit: number | string; readonly burstLimit: number | string }
}

const itemsOf = async <T>(path: `/${string}`): Promise<readonly T[]> =>
  ((await wire.rest('apigateway', `GET ${path}`)).item ?? []) as readonly T[]

/** The emulator keeps a patched figure as the text that it was patched with. */
const enforcedPlan = ({ name, apiStages, quota, throttle }: ListedPlan) => ({
  name,
  stages: apiStages.map(({ apiId, stage }) => `${apiId}/${stage}`),
  quota: quota?.period ? { limit: Number(quota.limit), period: quota.period.toLowerCase() } : undefined,
  throttle:
    throttle?.rateLimit === undefined
      ? undefined
      : { rateLimit: Number(throttle.rateLimit), burstLimit: Number(throttle.burstLimit) },
})

const gatewayKeys = async (): Promise<KeyStore> => {
  const enforced = async () => {
    const plans = await itemsOf<ListedPlan>('/usageplans')
    const members = await Promise.all(
      plans.map(async ({ id, name }) => {
        const keys = await itemsOf<{ readonly name: string; readonly id: string }>(`/usageplans/${id}/keys`)
        return keys.map((key) => [key, name] as const)
      }),
    )
    const there = await itemsOf<{ readonly name: string; readonly id: string }>('/apikeys')
    const keys = there.map(({ id, name }) => {
      const of = members.flat().flatMap(([key, plan]) => (key.id === id ? [plan] : []))
      return [name, of.toSorted()] as const
    })
    return { plans: plans.map(enforcedPlan), keys: Object.fromEntries(keys) }
  }
  for (const { id } of await itemsOf<ListedPlan>('/usageplans'))
    await wire.rest('apigateway', `DELETE /usageplans/${id}`)
  for (const { id } of await itemsOf<ListedPlan>('/apikeys'))
    await wire.rest('apigateway', `DELETE /apikeys/${id}`)
  return { gatewayKeys: apiGatewayKeys({ pace: nothing }), enforced, close: nothing }
}

gatewayKeysContract('in API Gateway', gatewayKeys)
