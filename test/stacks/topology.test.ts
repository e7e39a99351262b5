import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  authorizer,
  inboxes,
  logSubscriptions,
  type Runs,
  rotations,
  routes,
  type Subscription,
  schedules,
  simpleAuthorizer,
  streams,
  subscriptions,
  tables,
} from '@countersign/topology'
import { describe, expect, it } from 'vitest'
import { evaluate, ROOT } from './evaluate.ts'
import { all, at, functionArn, jsonAt, moduleOf, namesOf, routeOf, sorted, textAt, the } from './graph.ts'

const graph = await evaluate('test')

const runs: readonly Runs[] = [
  ...Object.values(routes),
  ...Object.values(inboxes),
  ...Object.values(streams),
  ...Object.values(schedules),
  ...Object.values(logSubscriptions),
  ...Object.values(rotations),
  authorizer,
  simpleAuthorizer,
]

describe('the deployed system', () => {
  it('has one function for each thing of the topology that runs, and no other', () => {
    const deployed = all(graph, 'function').map(({ name }) => moduleOf(graph, name))
    expect(sorted(deployed)).toEqual(sorted(runs.map(({ module }) => module)))
  })

  it('bundles only modules that exist', () => {
    const missing = runs.map(({ module }) => `${module}.ts`).filter((file) => !existsSync(join(ROOT, file)))
    expect(missing).toEqual([])
  })

  it('ships the files that a module reads at run time, where it reads them', () => {
    const shipped = graph.builds.flatMap(({ handler, copyFiles }) =>
      copyFiles.map(({ from, to }) => `${handler} ${from.replace(`${ROOT}/`, '')} → ${to}`),
    )
    const wanted = runs.flatMap(({ module, files = [] }) =>
      files.map(({ from, to }) => `${module}.handler ${from} → ${to}`),
    )
    expect(wanted.length).toBeGreaterThan(0)
    expect(sorted(shipped)).toEqual(sorted(wanted))
  })

  it('has the tables of the topology with their keys, indexes, stream and nothing else', () => {
    expect(namesOf(graph, 'table')).toEqual(sorted(Object.keys(tables).map((name) => `${name}Table`)))
    for (const [name, { primaryIndex, globalIndexes, stream }] of Object.entries(tables)) {
      const table = the(graph, 'table', `${name}Table`)
      expect(table).toMatchObject({ ...primaryIndex, streamEnabled: stream !== undefined })
      expect(table.streamViewType).toBe(stream?.toUpperCase().replaceAll('-', '_'))
      expect(table.globalSecondaryIndexes).toEqual(
        Object.entries(globalIndexes).map(([index, keys]) => ({
          name: index,
          ...keys,
          projectionType: 'ALL',
        })),
      )
    }
  })

  it('has one rule per subscription, for its source and its events', () => {
    expect(namesOf(graph, 'rule')).toEqual(sorted(Object.keys(subscriptions).map((name) => `${name}Rule`)))
    for (const [name, { source, on }] of Object.entries<Subscription>(subscriptions))
      expect(jsonAt(the(graph, 'rule', `${name}Rule`), 'eventPattern')).toEqual({
        source: [source],
        ...(on !== 'every' && { 'detail-type': on }),
      })
  })

  it('follows the streams of the topology and no other', () => {
    const followed = all(graph, 'mapping')
      .filter(({ inputs }) => textAt(inputs, 'eventSourceArn').includes(':dynamodb:'))
      .map(({ inputs }) => [textAt(inputs, 'eventSourceArn').split('/')[1], inputs.functionName])
    expect(followed).toEqual(
      Object.entries(streams).map(([name, { table }]) => [`${table}Table`, functionArn(`${name}Stream`)]),
    )
  })

  it('runs the schedules of the topology and no other', () => {
    const scheduled = all(graph, 'schedule').map(({ inputs }) => [
      inputs.scheduleExpression,
      at(inputs, 'target.arn'),
      inputs.state,
    ])
    // Resources are asked for side by side, in no order.
    expect(new Set(scheduled)).toEqual(
      new Set(
        Object.entries(schedules).map(([name, { every }]) => [every, functionArn(`${name}Job`), 'ENABLED']),
      ),
    )
    expect(scheduled).toHaveLength(Object.keys(schedules).length)
  })

  it('rotates the secrets of the topology, and no other', () => {
    const rotated = Object.values(rotations).map(({ secret }) => secret)
    expect(namesOf(graph, 'secret')).toEqual(sorted(['ApiKeys', ...rotated, 'Directory', 'Webhooks']))
    for (const [name, { everyDays, secret }] of Object.entries(rotations))
      expect(the(graph, 'rotation', name)).toMatchObject({
        secretId: `${secret}-id`,
        rotationLambdaArn: functionArn(`${name}Rotation`),
        rotationRules: { automaticallyAfterDays: everyDays },
        rotateImmediately: true,
      })
    expect(all(graph, 'rotation')).toHaveLength(Object.keys(rotations).length)
  })

  it('serves the routes of the topology, each by its own function, and no other', () => {
    expect(sorted(all(graph, 'method').map(({ inputs }) => routeOf(graph, inputs)))).toEqual(
      sorted(Object.keys(routes)),
    )
    const served = all(graph, 'integration').map(({ inputs }) => [
      routeOf(graph, inputs),
      moduleOf(graph, /function:(\w+)\//.exec(textAt(inputs, 'uri'))?.[1] ?? ''),
    ])
    expect(Object.fromEntries(served)).toEqual(
      Object.fromEntries(Object.entries(routes).map(([route, { module }]) => [route, module])),
    )
  })
})
