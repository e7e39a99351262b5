import { tables } from '@countersign/topology'
import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import type { Evaluation } from './evaluation.ts'
import { all, at, namesOf, sorted, the } from './graph.ts'

const test = await evaluate('test')
const production = await evaluate('production')

const stages: readonly Evaluation[] = [test, production]

describe('what holds state', () => {
  it.each(stages)('can be restored to any second and forgets what is over, in $app.stage', (graph) => {
    for (const [name, { ttl }] of Object.entries(tables))
      expect(the(graph, 'table', `${name}Table`)).toMatchObject({
        pointInTimeRecovery: { enabled: true },
        ttl: { enabled: true, attributeName: ttl },
      })
  })

  it.each(stages)('is encrypted, in $app.stage', (graph) => {
    const tables = all(graph, 'table').filter(
      ({ inputs }) => at(inputs, 'serverSideEncryption.enabled') !== true,
    )
    const queues = all(graph, 'queue').filter(({ inputs }) => inputs.sqsManagedSseEnabled !== true)
    expect([...tables, ...queues]).toEqual([])
  })

  it.each(stages)('of logs and messages is kept for a time that somebody chose, in $app.stage', (graph) => {
    const logs = all(graph, 'logGroup').filter(({ inputs }) => !(Number(inputs.retentionInDays) >= 90))
    const queues = all(graph, 'queue').filter(
      ({ inputs }) => !(Number(inputs.messageRetentionSeconds) >= 345_600),
    )
    expect([...logs, ...queues]).toEqual([])
  })

  it.each(stages)(
    'has no version of the key ring that a deployment wrote, in $app.stage',
    ({ resources }) => {
      expect(resources.filter(({ type }) => type.includes('SecretVersion'))).toEqual([])
    },
  )
})

describe('production', () => {
  it('cannot be removed by a command, and other stages can', () => {
    expect(production.app).toMatchObject({ protect: true, removal: 'retain', home: 'aws' })
    expect(test.app).toMatchObject({ protect: false, removal: 'remove', home: 'aws' })
  })

  it('refuses that a table is deleted, and other stages do not', () => {
    const deletable = (graph: Evaluation) =>
      all(graph, 'table')
        .filter(({ inputs }) => inputs.deletionProtectionEnabled !== true)
        .map(({ name }) => name)
    expect(deletable(production)).toEqual([])
    expect(deletable(test)).toEqual(namesOf(test, 'table'))
  })

  it('keeps tables, key ring, archive and dead letters when the stack goes', () => {
    const lost = (graph: Evaluation) =>
      [
        ...all(graph, 'table'),
        ...all(graph, 'secret'),
        ...all(graph, 'archive'),
        ...all(graph, 'queue').filter(({ name }) => name.includes('DeadLetters')),
      ].filter(({ retained }) => !retained)
    expect(lost(production)).toEqual([])
    expect(lost(test).length).toBeGreaterThan(0)
  })

  it('does not let its key ring be deleted, and could have it back for a month', () => {
    const [ring] = all(production, 'secret')
    expect(ring).toMatchObject({ protectedFromRemoval: true, inputs: { recoveryWindowInDays: 30 } })
  })

  it('has the same resources as every other stage', () => {
    const names = ({ resources }: Evaluation) => sorted(resources.map(({ type, name }) => `${type} ${name}`))
    expect(names(production)).toEqual(names(test))
  })
})
