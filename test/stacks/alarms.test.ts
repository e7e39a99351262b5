import { logSubscriptions, rotations, schedules, streams } from '@countersign/topology'
import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import type { Inputs } from './evaluation.ts'
import { all, at, namesOf, textAt, the } from './graph.ts'

const graph = await evaluate('test')

const alarms = all(graph, 'alarm').map(({ inputs }) => inputs)

const watching = (metricName: string, dimension: string, value: unknown): readonly Inputs[] =>
  alarms.filter((alarm) => alarm.metricName === metricName && at(alarm, `dimensions.${dimension}`) === value)

const functionName = (name: string) => the(graph, 'function', `${name}Function`).name

describe('alarms', () => {
  it('watch every dead-letter queue for the first message', () => {
    const dead = namesOf(graph, 'queue').filter((name) => name.includes('DeadLetters'))
    expect(dead.length).toBeGreaterThan(0)
    for (const name of dead)
      expect(
        watching('ApproximateNumberOfMessagesVisible', 'QueueName', the(graph, 'queue', name).name),
      ).toEqual([
        expect.objectContaining({
          namespace: 'AWS/SQS',
          statistic: 'Maximum',
          threshold: 0,
          comparisonOperator: 'GreaterThanThreshold',
          evaluationPeriods: 1,
        }),
      ])
  })

  it('watch every queue that something is given up to', () => {
    const redrives = all(graph, 'queue').flatMap(({ inputs }) =>
      inputs.redrivePolicy === undefined
        ? []
        : [textAt(JSON.parse(String(inputs.redrivePolicy)), 'deadLetterTargetArn')],
    )
    const targets = all(graph, 'target').map(({ inputs }) => textAt(inputs, 'deadLetterConfig.arn'))
    const rest = all(graph, 'schedule').map(({ inputs }) => textAt(inputs, 'target.deadLetterConfig.arn'))
    const given = [...new Set([...redrives, ...targets, ...rest])].map((arn) => arn.split(':').at(-1) ?? '')
    expect(given.length).toBeGreaterThan(0)
    for (const queue of given)
      expect(
        watching('ApproximateNumberOfMessagesVisible', 'QueueName', the(graph, 'queue', queue).name),
      ).toHaveLength(1)
  })

  it('watch the decisions that could not be made, counted from the decision log, as refusals are by their reason', () => {
    for (const name of ['Authorizer', 'SimpleAuthorizer']) {
      const logGroupName = at(the(graph, 'function', `${name}Function`), 'loggingConfig.logGroup')
      const filter = (what: string) => the(graph, 'metricFilter', `${name}${what}`)
      expect(filter('Failures')).toMatchObject({
        logGroupName,
        pattern: '{ $.message = "decision" && $.outcome = "error" }',
        metricTransformation: { namespace: 'Countersign', value: '1' },
      })
      expect(filter('Refusals')).toMatchObject({
        logGroupName,
        pattern: '{ $.message = "decision" && $.outcome = "deny" }',
        metricTransformation: { dimensions: { reason: '$.reason' } },
      })
      expect(filter('FailureReasons')).toMatchObject({
        logGroupName,
        pattern: '{ $.message = "decision" && $.outcome = "error" }',
        metricTransformation: { dimensions: { reason: '$.reason' } },
      })
      const counted = at(filter('Failures'), 'metricTransformation.name')
      expect(filter('Deaths')).toMatchObject({
        logGroupName,
        pattern:
          '{ $.type = "platform.report" && ($.record.status = "timeout" || $.record.status = "failure") }',
        metricTransformation: { namespace: 'Countersign', name: counted, value: '1' },
      })
      expect(alarms.filter(({ metricName }) => metricName === counted)).toEqual([
        expect.objectContaining({ namespace: 'Countersign', threshold: 0, statistic: 'Sum' }),
      ])
    }
  })

  it('watch how far each stream is behind', () => {
    for (const name of Object.keys(streams))
      expect(watching('IteratorAge', 'FunctionName', functionName(`${name}Stream`))).toEqual([
        expect.objectContaining({ statistic: 'Maximum', threshold: 60_000, namespace: 'AWS/Lambda' }),
      ])
  })

  it('count no 401 as a failure: Lambda does, because the authorizer throws to say it', () => {
    for (const name of ['Authorizer', 'SimpleAuthorizer'])
      expect(watching('Errors', 'FunctionName', functionName(name))).toEqual([])
  })

  it('watch the failures of the relay, rotations and schedules', () => {
    const watched = [
      ...Object.keys(streams).map((name) => `${name}Stream`),
      ...Object.keys(rotations).map((name) => `${name}Rotation`),
      ...Object.keys(schedules).map((name) => `${name}Job`),
      ...Object.keys(logSubscriptions).map((name) => `${name}Follower`),
    ]
    for (const name of watched)
      expect(watching('Errors', 'FunctionName', functionName(name))).toEqual([
        expect.objectContaining({ statistic: 'Sum', threshold: 0, namespace: 'AWS/Lambda' }),
      ])
  })

  it('watch the slowest decisions in a hundred', () => {
    expect(watching('Duration', 'FunctionName', functionName('Authorizer'))).toEqual([
      expect.objectContaining({ extendedStatistic: 'p99', threshold: 500, period: 300 }),
    ])
  })

  it('reach the people on call, and rest when nothing happens', () => {
    expect(alarms.length).toBeGreaterThan(0)
    for (const alarm of alarms) {
      expect(alarm.alarmActions).toEqual(['arn:aws:sns:eu-west-2:123456789012:AlarmsTopic'])
      expect(alarm.treatMissingData).toBe('notBreaching')
    }
  })
})
