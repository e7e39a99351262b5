import { authorizer, inboxes, routes } from '@countersign/topology'
import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import type { Inputs } from './evaluation.ts'
import { all, at, sorted, textAt, the } from './graph.ts'

const graph = await evaluate('test')

describe('every function', () => {
  const deviating = (as: (inputs: Inputs) => boolean) =>
    all(graph, 'function')
      .filter(({ inputs }) => !as(inputs))
      .map(({ name }) => name)

  it('runs on arm64 and Node 24', () => {
    expect(deviating(({ architectures }) => JSON.stringify(architectures) === '["arm64"]')).toEqual([])
    expect(deviating(({ runtime }) => runtime === 'nodejs24.x')).toEqual([])
    expect(graph.builds.filter(({ properties }) => properties.architecture !== 'arm64')).toEqual([])
  })

  it('logs JSON to a log group of its own that forgets', () => {
    const groups = all(graph, 'logGroup').filter(({ inputs }) => Number(inputs.retentionInDays) > 0)
    const known = new Set(groups.map(({ inputs }) => inputs.name))
    expect(deviating((inputs) => at(inputs, 'loggingConfig.logFormat') === 'JSON')).toEqual([])
    expect(deviating((inputs) => known.has(at(inputs, 'loggingConfig.logGroup')))).toEqual([])
    const used = all(graph, 'function').map(({ inputs }) => at(inputs, 'loggingConfig.logGroup'))
    expect(new Set(used).size).toBe(used.length)
  })

  it('is minified, split and linked with nothing', () => {
    expect(graph.builds.filter(({ properties }) => properties.minify !== true)).toEqual([])
    expect(graph.builds.filter(({ properties }) => properties.splitting !== true)).toEqual([])
    expect(graph.builds.filter(({ links }) => Object.keys(links).length > 0)).toEqual([])
  })

  it('has the memory that the topology gives it', () => {
    expect(the(graph, 'function', 'AuthorizerFunction').memorySize).toBe(authorizer.memoryMegabytes)
    expect(the(graph, 'function', 'PutApisNameRouteFunction').memorySize).toBe(
      routes['PUT /apis/{name}'].memoryMegabytes,
    )
    expect(deviating(({ memorySize }) => Number(memorySize) >= 512)).toEqual([])
  })

  it('answers before API Gateway stops waiting, where API Gateway waits', () => {
    const timeout = (name: string) => Number(the(graph, 'function', name).timeout)
    expect(timeout('AuthorizerFunction')).toBeLessThan(10)
    for (const { inputs } of all(graph, 'integration')) {
      const name = /function:(\w+)\//.exec(textAt(inputs, 'uri'))?.[1] ?? ''
      expect(timeout(name)).toBeLessThan(29)
    }
  })

  it('keeps no key or token in its environment', () => {
    const names = all(graph, 'function').flatMap(({ inputs }) =>
      Object.keys(at(inputs, 'environment.variables') as object),
    )
    expect(sorted(new Set(names))).toEqual([
      'ACCESS_TABLE',
      'ACCOUNT_ID',
      'API_KEY_SECRET',
      'AUTHORIZER_FUNCTIONS',
      'BUS_NAME',
      'CALL_MILLISECONDS',
      'CONSUMER_KEYS_PREFIX',
      'DIRECTORY_SECRET',
      'ISSUER',
      'KEY_RING_SECRET',
      'LEDGER_TABLE',
      'RING_REFRESH_SECONDS',
      'SEAL_KEYS_SECRET',
      'SIGNING_ALGORITHM',
      'SIGN_IN',
      'SUBSCRIPTION_QUEUES',
      'UNPUBLISHED_QUEUE_URL',
      'WEBHOOK_HOSTS',
      'WEBHOOK_QUEUE_URL',
      'WEBHOOK_SECRET',
    ])
  })
})

describe('the authorizer', () => {
  it('is told where its rows and its keys are, and nothing else', () => {
    expect(at(the(graph, 'function', 'AuthorizerFunction'), 'environment.variables')).toEqual({
      ACCESS_TABLE: the(graph, 'table', 'AccessTable').name,
      KEY_RING_SECRET: 'arn:aws:secretsmanager:eu-west-2:123456789012:secret:KeyRing-AbCdEf',
      ISSUER: 'urn:countersign:test',
      RING_REFRESH_SECONDS: '60',
      CONSUMER_KEYS_PREFIX: 'countersign-test-consumers/',
    })
  })
})

describe('a function that looks after the queues', () => {
  it('is told of every queue', () => {
    const told = textAt(
      the(graph, 'function', 'GetPipelineRouteFunction'),
      'environment.variables.SUBSCRIPTION_QUEUES',
    )
    const queues = 'https://sqs.eu-west-2.amazonaws.com/123456789012'
    const urls = Object.keys(inboxes).map((name) => [
      name,
      { queueUrl: `${queues}/${name}Queue`, deadLetterQueueUrl: `${queues}/${name}DeadLettersQueue` },
    ])
    expect(JSON.parse(told)).toEqual(Object.fromEntries(urls))
  })
})
