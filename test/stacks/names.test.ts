import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import { all, at, KINDS, type Kind } from './graph.ts'

/** As long as a branch name that somebody pastes; the git host's limit is far above every limit below. */
const LONG_STAGE = 'feature-1234-let-consumers-collect-their-tokens-once-and-only-once-after-an-approval'

const graph = await evaluate(LONG_STAGE)
const short = await evaluate('test')

/** Longest names that AWS takes, and what they may be made of (from each service's API reference). */
const LIMITS: Readonly<Record<string, readonly [member: string, longest: number, of: RegExp]>> = {
  [KINDS.alarm]: ['name', 255, /^[\w.-]+$/],
  [KINDS.archive]: ['name', 48, /^[\w.-]+$/],
  [KINDS.authorizer]: ['name', 128, /^[\w.-]+$/],
  [KINDS.bus]: ['name', 256, /^[\w./-]+$/],
  [KINDS.function]: ['name', 64, /^[\w-]+$/],
  [KINDS.logGroup]: ['name', 512, /^[\w./#-]+$/],
  [KINDS.queue]: ['name', 80, /^[\w-]+$/],
  [KINDS.rule]: ['name', 64, /^[\w.-]+$/],
  [KINDS.schedule]: ['name', 64, /^[\w.-]+$/],
  // Secrets Manager takes 512 and Pulumi adds 26 to a prefix.
  [KINDS.secret]: ['namePrefix', 512 - 26, /^[\w/+=.@-]+$/],
  [KINDS.table]: ['name', 255, /^[\w.-]+$/],
  [KINDS.target]: ['targetId', 64, /^[\w.-]+$/],
  'aws:apigateway/restApi:RestApi': ['name', 1_024, /^[\w-]+$/],
  'aws:apigateway/stage:Stage': ['stageName', 128, /^[\w-]+$/],
  'aws:sns/topic:Topic': ['name', 256, /^[\w-]+$/],
}

const ROLE_NAME = /^[\w+=,.@-]{1,64}$/

describe('what a long stage makes longer', () => {
  const lengthOf = (value: unknown) =>
    (typeof value === 'string' ? value : JSON.stringify(value ?? '')).length
  const longest = (kind: Kind, path: string) =>
    Math.max(...all(graph, kind).map(({ inputs }) => lengthOf(at(inputs, path))))

  it.each([
    ['function', 'environment.variables', 4_096],
    ['function', 'description', 256],
    ['role', 'inlinePolicies', 10_240],
    ['rule', 'eventPattern', 2_048],
    ['busPolicy', 'policy', 10_240],
  ] as const)('stays within what AWS takes: %s %s', (kind, path, limit) => {
    expect(longest(kind, path)).toBeGreaterThan(2)
    expect(longest(kind, path)).toBeLessThanOrEqual(limit)
  })
})

describe('physical names', () => {
  it.each(Object.entries(LIMITS))(
    'of %s stay within what AWS takes, for a very long stage',
    (type, limit) => {
      const [member, longest, of] = limit
      const names = graph.resources
        .filter((resource) => resource.type === type)
        .map(({ inputs }) => String(inputs[member]))
      expect(names.length).toBeGreaterThan(0)
      expect(names.filter((name) => name.length > longest || !of.test(name))).toEqual([])
    },
  )

  it('of roles stay within what IAM takes; the one that SST does not name is named by Pulumi', () => {
    const names = graph.resources
      .filter(({ type, inputs }) => type === KINDS.role && inputs.name !== undefined)
      .map(({ inputs }) => String(inputs.name))
    expect(names.filter((name) => !ROLE_NAME.test(name))).toEqual([])
    const unnamed = graph.resources.filter(({ type, inputs }) => type === KINDS.role && !inputs.name)
    expect(unnamed.map(({ name }) => name)).toEqual(['APIGatewayPushToCloudWatchLogsRole'])
  })

  it.each([graph, short])('are all different, in $app.stage', ({ resources }) => {
    const named = resources.flatMap(({ type, inputs }) => {
      const [member] = LIMITS[type] ?? []
      return member ? [`${type} ${String(inputs[member])}`] : []
    })
    expect(new Set(named).size).toBe(named.length)
  })

  it('say which stage they belong to', () => {
    const names = short.resources.flatMap(({ type, inputs }) => {
      const [member] = LIMITS[type] ?? []
      return member && member !== 'stageName' && type !== KINDS.authorizer ? [String(inputs[member])] : []
    })
    expect(names.filter((name) => !/(^|[/-])test[/-]/.test(name))).toEqual([])
  })
})
