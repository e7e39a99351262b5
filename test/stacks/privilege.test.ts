import { routes, streams } from '@countersign/topology'
import { describe, expect, it } from 'vitest'
import { MANAGED_POLICIES, WILDCARDS } from '../../stacks/wildcards.ts'
import { MACHINES } from './deployers.ts'
import { evaluate } from './evaluate.ts'
import { all, at, sorted, textAt, the } from './graph.ts'
import {
  apiPolicies,
  everyPolicy,
  grantsOf,
  POLICY_TYPES,
  resourcePolicies,
  rolePolicies,
} from './policies.ts'

const graph = await evaluate('test')
const machines = await evaluate('test', MACHINES)

describe('privilege', () => {
  const serviceOf = (arn: string) => arn.split(':')[arn.startsWith('arn:') ? 2 : 0]

  /** The longest ending that the list of the stacks names for its service. */
  const endingOf = (arn: string) =>
    Object.values(WILDCARDS)
      .filter(({ service, suffix }) => serviceOf(arn) === service && arn.endsWith(suffix))
      .sort((a, b) => b.suffix.length - a.suffix.length)[0]

  /** With that ending cut off. */
  const exact = (arn: string) => arn.slice(0, arn.length - (endingOf(arn)?.suffix.length ?? 0))

  it.each([
    ['by default', graph],
    ['with accounts of machines', machines],
  ])(
    'is given for whole actions on whole resources: no wildcard but those listed with a reason, %s',
    (_, of) => {
      const statements = everyPolicy(of).flatMap((policy) =>
        policy.statements.map((statement) => ({ of: policy.of, ...statement })),
      )
      expect(statements.length).toBeGreaterThan(Object.keys(routes).length)
      const wild = statements.filter(({ actions, resources }) =>
        [...actions, ...resources.map(exact)].some((part) => /[*?]/.test(part)),
      )
      expect(wild).toEqual([])
    },
  )

  it('is given to everybody by no statement but those that deny', () => {
    const open = everyPolicy(machines).flatMap(({ of, statements }) =>
      statements.some(
        ({ effect, principal }) => effect !== 'Deny' && JSON.stringify(principal ?? '').includes('*'),
      )
        ? [of]
        : [],
    )
    expect(open).toEqual([])
    expect(apiPolicies(machines).map(({ of }) => of)).toEqual(['MachineApiApi'])
  })

  it('is given by role, queue, bus and function policies, and by no other kind of resource', () => {
    const others = graph.resources
      .map(({ type }) => type)
      .filter((type) => /policy|permission|attachment|\/grant/i.test(type) && !POLICY_TYPES.includes(type))
    expect(others).toEqual([])
  })

  it('comes from no managed policy but those listed with a reason', () => {
    const managed = all(graph, 'role').flatMap(
      ({ inputs }) => (at(inputs, 'managedPolicyArns') ?? []) as string[],
    )
    const listed = Object.keys(MANAGED_POLICIES).map((name) => `arn:aws:iam::aws:policy/${name}`)
    expect(managed).toEqual(listed)
  })

  it('has a reason for each exception, and each exception is used', () => {
    for (const { reason } of [...Object.values(WILDCARDS)]) expect(reason.length).toBeGreaterThan(20)
    const arns = everyPolicy(machines).flatMap(({ statements }) =>
      statements.flatMap(({ resources }) => resources),
    )
    const sources = all(machines, 'permission').map(({ inputs }) => textAt(inputs, 'sourceArn'))
    const used = new Set([...arns, ...sources].map(endingOf))
    expect(Object.values(WILDCARDS).filter((wildcard) => !used.has(wildcard))).toEqual([])
  })

  it('to invoke a function belongs to one named source each', () => {
    const open = all(graph, 'permission').filter(({ inputs }) => {
      const source = inputs.sourceArn
      return typeof source !== 'string' || /[*?]/.test(exact(source)) || inputs.principal === '*'
    })
    expect(open).toEqual([])
    const rotation = the(graph, 'permission', 'RotateKeyRingPermission')
    expect(rotation).toMatchObject({
      principal: 'secretsmanager.amazonaws.com',
      sourceArn: 'arn:aws:secretsmanager:eu-west-2:123456789012:secret:KeyRing-AbCdEf',
    })
  })

  it('to put into a queue belongs to the one rule that feeds it', () => {
    const queues = resourcePolicies(graph).filter(({ of }) => of !== 'BusPolicy')
    expect(queues.length).toBeGreaterThan(0)
    for (const { of, statements } of queues) {
      const name = of.replace(/(DeadLetters)?Policy$/, '')
      expect(statements).toEqual([
        {
          effect: 'Allow',
          actions: ['sqs:SendMessage'],
          resources: [`arn:aws:sqs:eu-west-2:123456789012:${of.replace('Policy', 'Queue')}`],
          principal: { Service: 'events.amazonaws.com' },
          condition: {
            ArnEquals: { 'aws:SourceArn': `arn:aws:events:eu-west-2:123456789012:rule/BusBus/${name}Rule` },
          },
        },
      ])
    }
  })

  it("to speak for the platform on the bus belongs to the functions that follow the ledger's stream", () => {
    const speakers = all(graph, 'role')
      .map(({ name }) => name)
      .filter((name) => JSON.stringify(the(graph, 'role', name)).includes('events:PutEvents'))
    expect(speakers).toEqual(Object.keys(streams).map((name) => `${name}StreamRole`))
    const [policy] = resourcePolicies(graph).filter(({ of }) => of === 'BusPolicy')
    expect(policy?.statements).toEqual([
      expect.objectContaining({
        effect: 'Deny',
        actions: ['events:PutEvents'],
        condition: expect.objectContaining({
          'ForAnyValue:StringEquals': { 'events:source': ['countersign'] },
          ArnNotEquals: {
            'aws:PrincipalArn': speakers.map((name) => `arn:aws:iam::123456789012:role/${name}`),
          },
        }),
      }),
    ])
  })

  it('is what the links say: the authorizer reads its rows and the rings', () => {
    expect(grantsOf(graph, 'Authorizer')).toEqual([
      'dynamodb:BatchGetItem on table/AccessTable',
      'secretsmanager:GetSecretValue on secret:KeyRing-AbCdEf',
      'secretsmanager:GetSecretValue on secret:countersign-test-consumers/*',
    ])
  })

  it('is what the links say: a query reads, and nothing else', () => {
    expect(grantsOf(graph, 'GetTokensRoute')).toEqual([
      'dynamodb:GetItem on table/LedgerTable',
      'dynamodb:Query on table/LedgerTable/index/Listed',
    ])
    expect(grantsOf(graph, 'GetTokensIdRoute')).toEqual([
      'dynamodb:BatchGetItem on table/AccessTable',
      'dynamodb:GetItem on table/LedgerTable',
    ])
    expect(grantsOf(graph, 'GetConsumersIdRoute')).toEqual(['dynamodb:GetItem on table/LedgerTable'])
  })

  it('to write the read model comes only with `access:write`, never with the ledger', () => {
    const touches = (name: string) =>
      grantsOf(graph, name).some((grant) => grant.endsWith('table/AccessTable'))
    expect(touches('PostTokensIdRevocationRoute')).toBe(true)
    expect(touches('PostTokensRoute')).toBe(false)
  })

  it('to take anything out of the ledger belongs to nobody', () => {
    const actions = rolePolicies(graph).flatMap(({ statements }) =>
      statements.flatMap(({ actions }) => actions),
    )
    expect(actions).toContain('dynamodb:PutItem')
    expect(actions.filter((action) => /Delete(Item|Table)|BatchWrite|PartiQL/.test(action))).toEqual([])
  })

  it('to change the ring belongs to those who rotate', () => {
    const changers = rolePolicies(graph)
      .filter(({ statements }) =>
        statements.some(
          ({ actions, resources }) =>
            actions.includes('secretsmanager:PutSecretValue') &&
            resources.some((arn) => arn.includes(':KeyRing-')),
        ),
      )
      .map(({ of }) => of)
    expect(sorted(changers)).toEqual([
      'AdvanceSigningKeysJobRole',
      'PostSigningKeysKidCompromiseRouteRole',
      'PostSigningKeysRotationRouteRole',
      'PostSigningKeysRouteRole',
      'RotateKeyRingRotationRole',
    ])
  })
  it('to change what seals belongs to its rotation alone', () => {
    const changers = rolePolicies(graph).filter(({ statements }) =>
      statements.some(
        ({ actions, resources }) =>
          actions.includes('secretsmanager:PutSecretValue') &&
          resources.some((arn) => arn.includes(':SealKeys-')),
      ),
    )
    expect(changers.map(({ of }) => of)).toEqual(['RotateSealKeysRotationRole'])
  })
})
