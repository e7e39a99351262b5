import { inboxes, logSubscriptions, schedules, streams, subscriptions } from '@countersign/topology'
import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import { all, at, functionArn, jsonAt, namesOf, queueArn, sorted, textAt, the } from './graph.ts'

const graph = await evaluate('test')

describe('delivery', () => {
  const mappingOf = (source: string) =>
    all(graph, 'mapping').filter(({ inputs }) => textAt(inputs, 'eventSourceArn').includes(source))

  it('has a queue and dead letters for each subscription and each queue of work, dead letters for each stream, schedule and follower of logs, and no other', () => {
    const filled = Object.keys(inboxes)
    const dead = [...filled, ...[streams, schedules, logSubscriptions].flatMap(Object.keys)].map(
      (name) => `${name}DeadLetters`,
    )
    expect(namesOf(graph, 'queue')).toEqual(sorted([...filled, ...dead].map((name) => `${name}Queue`)))
  })

  it('gives a message up to the dead letters after the receives that its subscription allows', () => {
    for (const [name, { maxReceiveCount }] of Object.entries(inboxes))
      expect(jsonAt(the(graph, 'queue', `${name}Queue`), 'redrivePolicy')).toEqual({
        deadLetterTargetArn: queueArn(`${name}DeadLetters`),
        maxReceiveCount,
      })
  })

  it('hides a message for at least six times the time its handler may take', () => {
    for (const [name, { timeoutSeconds }] of Object.entries(inboxes)) {
      expect(the(graph, 'function', `${name}SubscriberFunction`).timeout).toBe(timeoutSeconds)
      const hidden = the(graph, 'queue', `${name}Queue`).visibilityTimeoutSeconds
      expect(hidden).toBeGreaterThanOrEqual(6 * timeoutSeconds)
    }
  })

  it('keeps a dead letter longer than any queue keeps a message, because its age goes on counting', () => {
    for (const name of Object.keys(inboxes)) {
      const [kept, dead] = [`${name}Queue`, `${name}DeadLettersQueue`].map((queue) =>
        Number(the(graph, 'queue', queue).messageRetentionSeconds),
      )
      expect(kept).toBeGreaterThan(0)
      expect(dead).toBeGreaterThan(kept ?? Number.NaN)
    }
  })

  it('takes what one subscriber could not handle back to its queue, and only that', () => {
    for (const name of Object.keys(inboxes)) {
      const [mapping, another] = mappingOf(queueArn(name))
      expect(another).toBeUndefined()
      expect(mapping?.inputs).toMatchObject({
        functionName: functionArn(`${name}Subscriber`),
        functionResponseTypes: ['ReportBatchItemFailures'],
      })
    }
  })

  it('tries a queue again for a day and then leaves the event in the dead letters, where a rule would drop it', () => {
    expect(all(graph, 'target')).toHaveLength(Object.keys(subscriptions).length)
    for (const name of Object.keys(subscriptions)) {
      const rule = textAt(the(graph, 'rule', `${name}Rule`), 'name')
      expect(the(graph, 'target', `${name}Target`)).toMatchObject({
        rule,
        arn: queueArn(name),
        deadLetterConfig: { arn: queueArn(`${name}DeadLetters`) },
        retryPolicy: { maximumEventAgeInSeconds: 86_400, maximumRetryAttempts: 185 },
      })
    }
  })

  it('reads a stream from its start, isolates a bad record, gives it up within bounds, and says where it went', () => {
    for (const [name, { table, maxRetries, maxRecordAgeSeconds }] of Object.entries(streams)) {
      const [mapping] = mappingOf(`table/${table}Table/stream`)
      expect(mapping?.inputs).toMatchObject({
        startingPosition: 'TRIM_HORIZON',
        bisectBatchOnFunctionError: true,
        maximumRetryAttempts: maxRetries,
        maximumRecordAgeInSeconds: maxRecordAgeSeconds,
        functionResponseTypes: ['ReportBatchItemFailures'],
        destinationConfig: { onFailure: { destinationArn: queueArn(`${name}DeadLetters`) } },
      })
    }
  })

  it('wakes the relay for new events only, not for states, claims, answers or sweeps', () => {
    const [relay] = mappingOf('table/LedgerTable/stream')
    const filters = at(relay?.inputs, 'filterCriteria.filters') as readonly { readonly pattern: string }[]
    expect(filters.map(({ pattern }) => JSON.parse(pattern))).toEqual([
      { eventName: ['INSERT'], dynamodb: { NewImage: { kind: { S: ['event'] } } } },
    ])
  })

  it('follows the log groups of the authorizers, hands each delivery to one function, and loses none that failed', () => {
    for (const [name, { of, pattern }] of Object.entries(logSubscriptions)) {
      const function_ = `${name}Follower`
      const groups = all(graph, 'logFilter').map(({ inputs }) => inputs.logGroup)
      expect(groups).toEqual(['/countersign/test/Authorizer', '/countersign/test/SimpleAuthorizer'])
      expect(groups).toHaveLength(of.length)
      for (const { inputs } of all(graph, 'logFilter'))
        expect(inputs).toMatchObject({ filterPattern: pattern, destinationArn: functionArn(function_) })
      const admitted = all(graph, 'permission').filter(
        ({ inputs }) => inputs.principal === 'logs.amazonaws.com',
      )
      expect(admitted.map(({ inputs }) => textAt(inputs, 'sourceArn').replace(/^.*:log-group:/, ''))).toEqual(
        groups.map((group) => `${String(group)}:*`),
      )
      for (const { inputs } of admitted) expect(textAt(inputs, 'sourceAccount')).toMatch(/^\d{12}$/)
      expect(the(graph, 'invokeConfig', `${function_}EventInvokeConfig`)).toMatchObject({
        maximumRetryAttempts: 2,
        destinationConfig: { onFailure: { destination: queueArn(`${name}DeadLetters`) } },
      })
    }
  })

  it('loses the run of a schedule neither before the handover to Lambda nor after it', () => {
    for (const name of Object.keys(schedules)) {
      const { target } = the(graph, 'schedule', `${name}Schedule`)
      expect(at(target, 'retryPolicy.maximumRetryAttempts')).toBeGreaterThan(0)
      expect(at(target, 'retryPolicy.maximumEventAgeInSeconds')).toBeGreaterThan(0)
      expect(at(target, 'deadLetterConfig.arn')).toBe(queueArn(`${name}DeadLetters`))
      expect(the(graph, 'invokeConfig', `${name}JobEventInvokeConfig`)).toMatchObject({
        maximumRetryAttempts: 2,
        destinationConfig: { onFailure: { destination: queueArn(`${name}DeadLetters`) } },
      })
    }
  })

  it('archives everything that crosses the bus', () => {
    const [archive, another] = all(graph, 'archive')
    expect(another).toBeUndefined()
    expect(archive?.inputs).toMatchObject({
      eventSourceArn: 'arn:aws:events:eu-west-2:123456789012:event-bus/BusBus',
      retentionDays: 90,
    })
    expect(archive?.inputs.eventPattern).toBeUndefined()
  })
})
