import type { LogLine } from '@countersign/functions/runtime/services'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { consumer } from '../acceptance/given.ts'
import { done } from '../support/world.ts'
import { eventually } from './eventually.ts'
import { type Fault, type FaultProxy, first, on, refusal, startFaultProxy } from './fault-proxy.ts'
import { housing } from './given.ts'
import { coldStart, hasten, invoke, setPolling, timeLimitOf, writtenBy } from './levers.ts'
import { everyEvent } from './read-models.ts'
import { openEmulatorWorld } from './world.ts'

let started: FaultProxy | undefined
const world = await openEmulatorWorld({
  functionsSee: async (endpoint) => {
    started = await startFaultProxy(endpoint)
    return started.endpoint
  },
})
if (!started) throw new Error('the functions do not see the proxy')
const proxy = started
afterAll(async () => {
  await world.stop()
  await proxy.close()
})
afterEach(() => {
  proxy.fault = undefined
})
const { client } = world
const { issue, issueAgain, statusWith, statusOnce, opens, dead } = await housing(world)
const good = await issue()
await opens(good.token)

/** Weather, or what a rotation that did not finish is told. */
const FAILED = [500, 503]

const broken: Fault = async () => refusal(500, 'InternalServerError')
const throttled: Fault = async () => refusal(400, 'ThrottlingException')
const dropped: Fault = async () => 'drop'
const hanging: Fault = async () => 'hang'
const lost: Fault = async (call) => {
  await call.forward()
  return 'drop'
}
const unprocessed: Fault = async ({ body }) => ({
  ...refusal(200, 'none'),
  body: JSON.stringify({ Responses: {}, UnprocessedKeys: JSON.parse(body).RequestItems }),
})

/** The authorizer's limits are in milliseconds of a clock that also runs while others have the processor. */
const unlessStarved = async (ask: () => Promise<number>): Promise<number> => {
  for (let left = 3; left > 1; left--) {
    const status = await ask()
    if (status !== 500) return status
  }
  return ask()
}

describe('the authorizer, when its store fails', () => {
  /** Lambda did not have to end a decision that could not be made: it came to its own limit, and said so. */
  const endedByItself = async (since: Date) => {
    const errors = (await writtenBy(world, 'Authorizer', since))
      .map((line) => JSON.parse(line) as LogLine)
      .filter(({ message, outcome }) => message === 'decision' && outcome === 'error')
    expect(errors.length).toBeGreaterThan(0)
    const limit = (await timeLimitOf(world, 'Authorizer')) * 1_000
    for (const { latencyMilliseconds } of errors) expect(latencyMilliseconds).toBeLessThan(limit)
  }

  it.each([
    ['answers 5xx', broken],
    ['throttles', throttled],
    ['breaks every connection', dropped],
    ['never answers', hanging],
    ['leaves keys unprocessed', unprocessed],
  ] as const)('answers 500 and never Allow while DynamoDB %s, and recovers', async (_, fault) => {
    const since = new Date()
    proxy.fault = on(['BatchGetItem'], fault)
    expect(await statusOnce(good.token)).toBe(500)
    expect(await statusWith('garbage')).toBe(401)
    proxy.fault = undefined
    expect(await statusWith(good.token)).toBe(200)
    await endedByItself(since)
  })

  it.each([
    ['5xx', broken],
    ['throttle', throttled],
    ['broken connection', dropped],
    ['slow answer', hanging],
    ['unprocessed key', unprocessed],
  ] as const)('does not let the caller feel one %s', async (_, fault) => {
    const withOne = () => {
      proxy.fault = on(['BatchGetItem'], first(1, fault))
      return statusOnce(good.token)
    }
    expect(await unlessStarved(withOne)).toBe(200)
  })

  it.each([
    ['answers 5xx', broken],
    ['throttles', throttled],
    ['breaks every connection', dropped],
    ['never answers', hanging],
  ] as const)(
    'answers 500 at a cold start while Secrets Manager %s, and keeps no failure',
    async (_, fault) => {
      const since = new Date()
      await coldStart(world, 'Authorizer')
      proxy.fault = on(['GetSecretValue'], fault)
      expect(await statusOnce(good.token)).toBe(500)
      proxy.fault = undefined
      expect(await statusWith(good.token)).toBe(200)
      await endedByItself(since)
    },
  )

  it('tells the callers of the platform that nothing was begun, and when to come again', async () => {
    const since = new Date()
    proxy.fault = on(['BatchGetItem'], broken)
    const headers = { authorization: `Bearer ${world.credential}` }
    const answer = await fetch(`${world.api}/apis`, { headers })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await answer.json()).toMatchObject({ status: 503, code: 'credential_unchecked' })
    await endedByItself(since)
  })

  it('fails, and a command is made again by whoever sent it, once in effect', async () => {
    const since = new Date()
    proxy.fault = on(['BatchGetItem'], first(2, broken))
    const { id } = await consumer(client, 'Whose command had to wait')
    const events = await everyEvent(world.wire, world.deployment)
    expect(events.filter(({ subject }) => subject === id)).toHaveLength(1)
    await endedByItself(since)
  })

  it('asks DynamoDB once and nobody else, warm', async () => {
    expect(await statusWith(good.token)).toBe(200)
    const asked = async () => {
      proxy.calls.length = 0
      return statusOnce(good.token)
    }
    expect(await unlessStarved(asked)).toBe(200)
    expect(proxy.calls).toEqual(['BatchGetItem'])
  })
})

describe('what was acknowledged, when services fail', () => {
  const tokens = async () =>
    (await everyEvent(world.wire, world.deployment)).filter(({ type }) => type === 'token.issued').length

  const waiting = async () =>
    done(await client.pipeline.status()).subscriptions.find(({ name }) => name === 'ProjectAccess')?.waiting

  /** What comes of a command whose event no reader can handle. */
  const asDeadLetter = async <T>(work: () => Promise<T>): Promise<T> => {
    const before = (await dead()) ?? 0
    proxy.fault = on(['UpdateItem'], broken)
    const done = await work()
    await eventually('the event is a dead letter', async () => (await dead()) === before + 1)
    return done
  }

  const conflict: Fault = async ({ body }) => {
    const items: readonly unknown[] = JSON.parse(body).TransactItems
    const CancellationReasons = items.map((__, at) =>
      at === 0 ? { Code: 'TransactionConflict', Message: 'by the proxy' } : { Code: 'None' },
    )
    return refusal(400, 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException', {
      Message: 'cancelled',
      CancellationReasons,
    })
  }

  it.each([
    ['collides twice', first(2, conflict)],
    ['answers 5xx once', first(1, broken)],
    ['loses the connection', first(1, dropped)],
    ['loses its answer after it was done', first(1, lost)],
  ] as const)('is issued exactly once when its transaction %s', async (_, fault) => {
    const before = await tokens()
    proxy.fault = on(['TransactWriteItems'], fault)
    const issued = await issue()
    proxy.fault = undefined
    await opens(issued.token)
    expect(await tokens()).toBe(before + 1)
  })

  it('is refused as a failure, and stays undone, when the ledger cannot be written', async () => {
    proxy.fault = on(['TransactWriteItems'], broken)
    const revoked = await client.tokens.revoke(good.id, { reason: 'compromised' })
    expect(FAILED).toContain(
      !revoked.ok && revoked.error.reason === 'problem' && revoked.error.problem.status,
    )
    proxy.fault = undefined
    expect(await statusWith(good.token)).toBe(200)
  })

  it('arrives although EventBridge and then DynamoDB failed for a while', async () => {
    proxy.fault = on(['PutEvents'], broken)
    const held = [await issue(), await issue()]
    await eventually(
      'the relay has tried',
      async () => proxy.calls.filter((one) => one === 'PutEvents').length > 2,
    )
    proxy.fault = on(['UpdateItem'], throttled)
    proxy.calls.length = 0
    await eventually('the projector has tried', async () => proxy.calls.includes('UpdateItem'))
    proxy.fault = undefined
    for (const { token } of held) await opens(token)
    await world.settled()
  })

  it('arrives although the function that handles a batch dies half-way through it', async () => {
    // Longer than the handling of a batch takes on a busy machine, which is no failure of it.
    await hasten(world, 'ProjectAccess', 8)
    await setPolling(world, 'ProjectAccess', false)
    const held = [await issue(), await issue(), await issue()]
    await eventually('all of them wait in one queue', async () => (await waiting()) === held.length)
    let writes = 0
    proxy.fault = on(['UpdateItem'], (call) => (++writes === 2 ? Promise.resolve('hang') : call.forward()))
    await setPolling(world, 'ProjectAccess', true)
    await eventually('one of them is half-way', async () => writes > 1)
    await coldStart(world, 'ProjectAccessSubscriber') // which ends the container that hangs there
    for (const { token } of held) await opens(token)
    expect(writes).toBeGreaterThan(held.length)
    proxy.fault = undefined
    await world.settled()
    expect(await dead()).toBe(0)
    await hasten(world, 'ProjectAccess')
  })

  it.each([
    ['refuses', broken],
    ['throttles', throttled],
    ['breaks every connection', dropped],
  ] as const)('stays a dead letter while SQS %s, and is delivered by the next redrive', async (_, fault) => {
    const lost = await asDeadLetter(issueAgain)
    proxy.fault = on(['SendMessage'], fault)
    const failed = await client.pipeline.redrive('ProjectAccess')
    expect(FAILED).toContain(!failed.ok && failed.error.reason === 'problem' && failed.error.problem.status)
    proxy.fault = undefined
    expect(await statusWith(lost.token)).toBe(401)
    await eventually('it is put back', async () => {
      const redriven = await client.pipeline.redrive('ProjectAccess')
      return redriven.ok && redriven.value.body.redriven > 0
    })
    await opens(lost.token)
    await world.settled()
  })

  it.each([
    ['answers 5xx', broken],
    ['throttles', throttled],
    ['breaks every connection', dropped],
  ] as const)('is the rotation that was, and the next one, while Secrets Manager %s', async (_, fault) => {
    const before = done(await client.signingKeys.list()).items.map(({ kid }) => kid)
    proxy.fault = on(['PutSecretValue', 'UpdateSecretVersionStage'], fault)
    const failed = await client.signingKeys.rotate()
    expect(FAILED).toContain(!failed.ok && failed.error.reason === 'problem' && failed.error.problem.status)
    proxy.fault = undefined
    expect(done(await client.signingKeys.list()).items.map(({ kid }) => kid)).toEqual(before)
    const { kid } = done(await client.signingKeys.rotate())
    expect(done(await client.signingKeys.list()).items.map((key) => key.kid)).toEqual([...before, kid])
    expect(await statusWith(good.token)).toBe(200)
  })

  it('is refused at the next request, though nothing gets onto the bus', async () => {
    const mine = await issue()
    await opens(mine.token)
    proxy.fault = on(['PutEvents'], broken)
    done(await client.tokens.revoke(mine.id, { reason: 'compromised' }))
    expect(await statusWith(mine.token)).toBe(401)
    proxy.fault = undefined
    await world.settled()
    expect(await statusWith(mine.token)).toBe(401)
  })

  // The emulator's poller does not look at partial answers, so the test is the poller here.
  it('is put on the bus entry by entry when EventBridge takes only a part', async () => {
    const events = (await everyEvent(world.wire, world.deployment)).slice(0, 12)
    const taken: string[] = []
    const refused = new Set<string>()
    proxy.fault = on(['PutEvents'], async ({ body }) => {
      const { Entries } = JSON.parse(body) as { Entries: readonly { readonly Detail: string }[] }
      const results = Entries.map(({ Detail }) => {
        const { id } = JSON.parse(Detail) as { readonly id: string }
        const mustWait = events.findIndex((event) => event.id === id) % 3 === 1 && !refused.has(id)
        refused.add(id)
        if (mustWait) return { ErrorCode: 'InternalFailure', ErrorMessage: 'by the proxy' }
        if (events.some((event) => event.id === id)) taken.push(id) // the relay itself is still at work
        return { EventId: crypto.randomUUID() }
      })
      const FailedEntryCount = results.filter(({ ErrorCode }) => ErrorCode !== undefined).length
      return { ...refusal(200, 'none'), body: JSON.stringify({ FailedEntryCount, Entries: results }) }
    })
    let records = events.map((event, at) => ({
      eventName: 'INSERT',
      dynamodb: { SequenceNumber: String(at + 1), NewImage: { event: { S: JSON.stringify(event) } } },
    }))
    for (let polls = 0; records.length > 0 && polls < 20; polls++) {
      const { batchItemFailures = [] } = (await invoke(world, 'RelayStream', { Records: records })) as {
        batchItemFailures?: readonly { readonly itemIdentifier: string }[]
      }
      const from = batchItemFailures[0]?.itemIdentifier
      records =
        from === undefined
          ? []
          : records.slice(records.findIndex((one) => one.dynamodb.SequenceNumber === from))
    }
    expect(records).toEqual([])
    expect(new Set(taken)).toEqual(new Set(events.map(({ id }) => id)))
  })
})
