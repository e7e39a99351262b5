import { fact } from '@countersign/core/events'
import { recordKeyFacts } from '@countersign/functions/runtime/key-log'
import { readKeyRing } from '@countersign/functions/runtime/mint'
import {
  authorizer,
  type HttpRouteName,
  logSubscriptions,
  type Runs,
  rotations,
  routes,
  type SubscriptionName,
  schedules,
  simpleAuthorizer,
  streams,
  subscriptions,
  workQueues,
} from '@countersign/topology'
import { deliveryOf, deniedLine } from './decision-lines.ts'
import { eventually } from './eventually.ts'
import { type Act, type Calls, callsIn, type Outcome, textIn } from './least-privilege.calls.ts'
import { batchOf, type Deliveries, deliveriesIn, deliveryTo } from './least-privilege.deliveries.ts'
import { functionNames, type Grant } from './least-privilege.grants.ts'
import {
  fresh,
  givenBy,
  type Making,
  type RouteMaking,
  routeProbes,
  subscriptionOf,
} from './least-privilege.routes.ts'
import { unseal } from './least-privilege.seals.ts'
import { coldStart, invoke, queueUrlOf, setPolling, writtenBy } from './levers.ts'
import type { EmulatorWorld } from './world.ts'

/** What a function does that needs its grants. */
export interface Probe {
  readonly prepare: Making
  /** Whose functions cannot be probed at the same time, because they change one thing. */
  readonly lane?: string
  /** Made ready right before it is tried: what it is made of would be gone later. */
  readonly late?: true
  /** Before others: what they leave behind would be in its way. */
  readonly early?: true
  /** Whose rounds need not wait for those of other parts of the same lane, although a role lacks several grants then. */
  readonly apart?: (grant: Grant) => string
  /** Made of nothing, and in nobody's way. */
  readonly anytime?: true
}

/** By name of the function. */
export type Probes = ReadonlyMap<string, Probe>

const authorizers = { Authorizer: authorizer, SimpleAuthorizer: simpleAuthorizer }

type Named<Table> = Readonly<Record<keyof Table, Probe>>

/** Whoever moves the ring on, or looks whether somebody did. */
const RING = { lane: 'ring', late: true } as const

/** A probe for everything that runs: what the topology adds does not compile without one. */
export const probesIn = async (world: EmulatorWorld, opened: Opened): Promise<Probes> => {
  const calls = await callsIn(world)
  const deliveries = deliveriesIn(world, calls)
  const names = await functionNames()
  const table = <Name extends string>(
    runs: Readonly<Record<Name, Runs>>,
    probes: Readonly<Record<NoInfer<Name>, Probe>>,
  ) =>
    Object.entries<Runs>(runs).map(
      ([name, { module }]) => [names.get(module) ?? module, probes[name as Name]] as const,
    )
  return new Map([
    ...table(routes, ofRoutes(routeProbes(world, calls, deliveries))),
    ...table(subscriptions, subscriptionProbes(calls, deliveries)),
    ...table(workQueues, workProbes(world, calls, deliveries)),
    ...table(streams, streamProbes(world, calls)),
    ...table(schedules, scheduleProbes(world, calls)),
    ...table(logSubscriptions, logProbes(calls)),
    ...table(rotations, rotationProbes(world, calls)),
    ...table(authorizers, authorizerProbes(world, opened)),
  ])
}

const ofRoutes = (makings: RouteMaking): Named<typeof routes> =>
  // `Object.entries` forgets the names; they are those of `makings`.
  Object.fromEntries(
    Object.entries(makings).map(([route, prepare]) => [
      route,
      {
        prepare,
        ...(movesRing(route as HttpRouteName) && RING),
        ...(EARLY.has(route) && { early: true }),
        ...(route === 'POST /lockdowns/lifting' && { late: true }),
        // Who looks at a dead letter hides it for a moment from whoever moves it.
        ...(route.includes(' /pipeline') && { lane: 'dead letters', anytime: true }),
        // A redrive touches the queues of one subscription.
        ...(route === 'POST /pipeline/{subscription}/redrive' && { apart: ({ on }) => subscriptionOf(on) }),
      },
    ]),
  ) as Named<typeof routes>

/**
 * Keys that are given up take the room of sets on the fence, and with them what they were to sign, under the same
 * `Idempotency-Key`, once more.
 */
const EARLY: ReadonlySet<string> = new Set<HttpRouteName>([
  'POST /revocations',
  'POST /tokens',
  'POST /tokens/{id}/collection',
  'POST /tokens/{id}/reroll',
])

const movesRing = (route: HttpRouteName): boolean =>
  (routes[route] satisfies Runs as Runs).links.includes('key-ring:rotate')

const subscriptionProbes = (calls: Calls, deliveries: Deliveries): Named<typeof subscriptions> => {
  const receiving = (name: SubscriptionName): Probe => ({
    prepare: async () => calls.invoking(subscriptions[name], batchOf(await deliveries[name]())),
  })
  return {
    ProjectAccess: receiving('ProjectAccess'),
    ProvisionUsagePlan: { ...receiving('ProvisionUsagePlan'), lane: 'usage plans' },
    RegisterPublishedApi: receiving('RegisterPublishedApi'),
    FlushAuthorizerCaches: receiving('FlushAuthorizerCaches'),
    AdmitAccounts: receiving('AdmitAccounts'),
    FanOutToWebhooks: receiving('FanOutToWebhooks'),
  }
}

const workProbes = (
  world: EmulatorWorld,
  calls: Calls,
  deliveries: Deliveries,
): Named<typeof workQueues> => ({
  /** What it signs with it reads once; what failed it postpones, and reports as failed with or without the grant. */
  DeliverToWebhooks: {
    prepare: async ({ action }) => {
      const functionName = 'DeliverToWebhooksSubscriber'
      if (action === 'sqs:ChangeMessageVisibility') return postponing(world, calls, functionName)
      const batch = batchOf(await deliveries.DeliverToWebhooks())
      return async () => {
        await coldStart(world, functionName)
        return calls.invoking(workQueues.DeliverToWebhooks, batch)()
      }
    },
  },
})

/** A message that somebody holds is handed to the function, and its receiver fails: the log says what came of it. */
const postponing = async (world: EmulatorWorld, calls: Calls, functionName: string): Promise<Act> => {
  const { id, receiver } = await givenBy(calls, world).webhook()
  const { items } = await world.services.ledger.events({ subject: id, limit: 1, after: undefined })
  const QueueUrl = queueUrlOf(world, 'DeliverToWebhooks')
  return async () => {
    receiver.answers(500)
    await setPolling(world, 'DeliverToWebhooks', false)
    const since = new Date()
    const MessageBody = JSON.stringify(deliveryTo(id, items)[0])
    await world.wire.target('sqs', 'SendMessage', { QueueUrl, MessageBody })
    const received = await world.wire.target('sqs', 'ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 })
    const messages = received.Messages as readonly { readonly ReceiptHandle: string; readonly Body: string }[]
    const held = messages.find(({ Body }) => Body === MessageBody)
    if (!held) throw new Error('the message is not in the queue')
    const record = {
      ...{ messageId: 'held', receiptHandle: held.ReceiptHandle, body: held.Body },
      attributes: { ApproximateReceiveCount: '1' },
    }
    await invoke(world, functionName, { Records: [record] })
    await setPolling(world, 'DeliverToWebhooks', true)
    const lines = await writtenBy(world, functionName, since)
    return lines.some((line) => JSON.parse(line).message === 'a delivery failed') ? 'done' : 'failed'
  }
}

const streamProbes = ({ services }: EmulatorWorld, calls: Calls): Named<typeof streams> => ({
  Relay: {
    prepare: async () => {
      const { items } = await services.ledger.events({ limit: 2, after: undefined })
      const Records = items.map((event, index) => ({
        eventName: 'INSERT',
        dynamodb: { SequenceNumber: String(index), NewImage: { event: { S: JSON.stringify(event) } } },
      }))
      return calls.invoking(streams.Relay, { Records })
    },
  },
})

type Step = 'createSecret' | 'testSecret' | 'finishSecret'

const stepsOf = (
  { deployment }: EmulatorWorld,
  calls: Calls,
  name: keyof typeof rotations = 'RotateKeyRing',
) => {
  const { KEY_RING_SECRET, SEAL_KEYS_SECRET } = deployment.outputs.environment
  const SecretId = { KeyRing: KEY_RING_SECRET, SealKeys: SEAL_KEYS_SECRET }[rotations[name].secret]
  return (ClientRequestToken: string, Step: Step) =>
    calls.invoking(rotations[name], { Step, ClientRequestToken, SecretId })
}

const inTurn = async (acts: readonly Act[]): Promise<Outcome> => {
  for (const act of acts) if ((await act()) === 'failed') return 'failed'
  return 'done'
}

const rotationProbes = (world: EmulatorWorld, calls: Calls): Named<typeof rotations> => {
  const rotating = (name: keyof typeof rotations) => async () => {
    const [step, token] = [stepsOf(world, calls, name), crypto.randomUUID()]
    return () => inTurn([step(token, 'createSecret'), step(token, 'testSecret'), step(token, 'finishSecret')])
  }
  return {
    RotateKeyRing: { ...RING, prepare: rotating('RotateKeyRing') },
    RotateSealKeys: { lane: 'seal keys', late: true, prepare: rotating('RotateSealKeys') },
  }
}

const scheduleProbes = (world: EmulatorWorld, calls: Calls): Named<typeof schedules> => ({
  /** A key that was given up is still in the ring, as an emergency that died leaves it. */
  AdvanceSigningKeys: {
    ...RING,
    prepare: async () => {
      const [step, token] = [stepsOf(world, calls), crypto.randomUUID()]
      await inTurn([step(token, 'createSecret'), step(token, 'testSecret')])
      const current = await world.services.keyRing.current()
      await world.services.keyRing.promote(token, current?.versionId)
      await giveUpNewest(world)
      return calls.invoking(schedules.AdvanceSigningKeys, {})
    },
  },
  /** The value before the rotation is over by the time the job runs. */
  RetireApiKeys: {
    late: true,
    prepare: async () => {
      const id = await givenBy(calls, world).apiKey()
      await calls.route('POST /api-keys/{id}/rotation', { path: { id }, body: { overlap: '1s' } })
      const over = performance.now() + 1_100
      await eventually('the overlap is over', async () => performance.now() > over)
      return calls.invoking(schedules.RetireApiKeys, {})
    },
  },
  /** Somebody's groups changed since they were asked for last; the directory's access token is kept for an hour. */
  RefreshSessions: {
    prepare: async () => {
      const { members } = world.signIn.directory
      const { member } = await givenBy(calls, world).session()
      return async () => {
        const known = members.get(member)
        if (known) members.set(member, { ...known, groups: [fresh()] })
        await coldStart(world, 'RefreshSessionsJob')
        return calls.invoking(schedules.RefreshSessions, {})()
      }
    },
  },
  /** Every token of a consumer is refused as one, and is then revoked by itself. The fence holds a few such sets for minutes. */
  SweepRevokedSets: {
    late: true,
    early: true,
    prepare: async () => {
      const issued = await calls.route('POST /tokens', { body: await givenBy(calls, world).wanted() })
      const body = { consumer: textIn(issued.body, 'consumer'), reason: 'requested' }
      await calls.route('POST /revocations', { body })
      return calls.invoking(schedules.SweepRevokedSets, {})
    },
  },
  /** A token of a second more than a day is to be told of a second after its issue. */
  RemindOfExpiry: {
    late: true,
    prepare: async () => {
      const body = { ...(await givenBy(calls, world).wanted()), expiresIn: '86401s' }
      await calls.route('POST /tokens', { body })
      const due = performance.now() + 1_100
      await eventually('a day is left', async () => performance.now() > due)
      return calls.invoking(schedules.RemindOfExpiry, {})
    },
  },
  /** The newest seal is gone, with an event that it was over. */
  SealAudit: {
    late: true,
    prepare: async () => {
      await unseal(world)
      return calls.invoking(schedules.SealAudit, {})
    },
  },
})

/** A minute of refusals that nobody has counted yet, as CloudWatch Logs delivers them, and once more of it. */
const logProbes = (calls: Calls): Named<typeof logSubscriptions> => ({
  AccountDecisions: {
    prepare: async () => {
      const gateway = `${fresh()
        .toLowerCase()
        .replaceAll(/[^a-z0-9]/g, '')
        .slice(0, 32)}/probe`
      const deliver = () =>
        calls.invoking(logSubscriptions.AccountDecisions, deliveryOf([deniedLine(gateway)]))()
      return () => inTurn([deliver, deliver])
    },
  },
})

/** Fences a key that has not signed anything yet, and does not rotate. */
const giveUpNewest = async ({ services }: EmulatorWorld): Promise<void> => {
  const now = services.clock()
  const kid = (await readKeyRing(services)).keys.at(-1)?.kid
  if (!kid) throw new Error('the ring is empty')
  const cause = { actor: 'probe', correlationId: 'probe', now }
  await recordKeyFacts(services, cause, () => [
    fact('signing-key.compromised', { kid, compromisedAt: now.toISOString() }),
  ])
}

/** A caller of another team's API with a good token: the status it gets. */
export interface Opened {
  /** With a token of the platform's, or with one that a consumer signed. */
  readonly status: (by: SignedBy) => Promise<number>
  /** The same, as an HTTP API with payload 2.0 asks. */
  readonly question: (by: SignedBy) => Promise<object>
}

type SignedBy = 'platform' | 'consumer'

/** Whose keys a grant opens. */
const signerOf = ({ on }: Grant): SignedBy => (on.includes('-consumers/') ? 'consumer' : 'platform')

const authorizerProbes = (world: EmulatorWorld, opened: Opened): Named<typeof authorizers> => ({
  Authorizer: {
    prepare: async (grant) => async () => {
      await coldStart(world, 'Authorizer')
      const got = await opened.status(signerOf(grant))
      if (got === 200) return 'done'
      if (got === 500) return 'failed'
      throw new Error(`the authorizer's caller got ${got}`)
    },
  },
  SimpleAuthorizer: {
    prepare: async (grant) => async () => {
      await coldStart(world, 'SimpleAuthorizer')
      const answer: Simple = await invoke(world, 'SimpleAuthorizer', await opened.question(signerOf(grant)))
      if (answer.isAuthorized === true) return 'done'
      if (answer.errorMessage !== undefined && answer.errorMessage !== 'Unauthorized') return 'failed'
      throw new Error(`the authorizer answered ${JSON.stringify(answer)}`)
    },
  },
})

interface Simple {
  readonly isAuthorized?: boolean
  readonly errorMessage?: string
}
