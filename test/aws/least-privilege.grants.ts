import { evaluate } from '../stacks/evaluate.ts'
import { rolePolicies, type Statement } from '../stacks/policies.ts'
import { type RolePolicy, roleNamed, rolePolicyOf, writeRolePolicy } from './levers.ts'
import type { EmulatorWorld } from './world.ts'

const evaluated = evaluate('test')

/** One action on one resource that the stacks give to the role of one function. */
export interface Grant {
  /** Name of the function, `PostTokensRoute`. */
  readonly of: string
  readonly action: string
  /** As the stacks name it, `table/LedgerTable/index/Listed`. */
  readonly on: string
}

export const textOf = ({ of, action, on }: Grant): string => `${of}: ${action} on ${on}`

/** The function of each module of the topology, `packages/functions/src/http/issue-token` → `PostTokensRoute`. */
export const functionNames = async (): Promise<ReadonlyMap<string, string>> => {
  const { builds } = await evaluated
  return new Map(builds.map(({ handler, functionID }) => [handler.replace(/\.handler$/, ''), functionID]))
}

/** Roles of the stacks that are no function's. */
export const otherRoles = async (): Promise<readonly string[]> => {
  const graph = await evaluated
  const functions = new Set(graph.builds.map(({ functionID }) => `${functionID}Role`))
  return rolePolicies(graph).flatMap(({ of }) => (functions.has(of) ? [] : [of]))
}

const nameIn = (arn: string): string => arn.split(':').slice(5).join(':')

const grantsIn = (of: string, statements: readonly Statement[]): readonly Grant[] =>
  statements.flatMap(({ actions, resources }) =>
    actions.flatMap((action) => resources.map((arn) => ({ of, action, on: nameIn(arn) }))),
  )

/** Every grant of the evaluated graph, each once. */
export const everyGrant = async (): Promise<readonly Grant[]> => {
  const graph = await evaluated
  const names = new Set(graph.builds.map(({ functionID }) => functionID))
  const grants = rolePolicies(graph).flatMap(({ of, statements }) => {
    const name = of.replace(/Role$/, '')
    return names.has(name) ? grantsIn(name, statements) : []
  })
  return [...new Map(grants.map((grant) => [textOf(grant), grant])).values()]
}

/**
 * Does something while the role lacks a grant in the deployed system; it has it back afterwards. A role may lack several at
 * a time, for those who do not need the others.
 */
export const without = async <T>(
  world: Pick<EmulatorWorld, 'wire' | 'deployment'>,
  grant: Grant,
  work: () => Promise<T>,
): Promise<T> => {
  const name = roleNamed(world, grant.of)
  await write(world, name, ({ lacking }) => void lacking.add(grant))
  try {
    return await work()
  } finally {
    await write(world, name, ({ lacking }) => void lacking.delete(grant))
  }
}

/** A role whose grants are taken and given back. */
interface Role {
  readonly whole: RolePolicy
  readonly lacking: Set<Grant>
}

const roles = new Map<string, Promise<Role>>()

/** One change of a role's policy after the other, in the order in which they were asked for. */
const write = (
  world: Pick<EmulatorWorld, 'wire' | 'deployment'>,
  name: string,
  change: (role: Role) => void,
): Promise<Role> => {
  const before =
    roles.get(name) ?? rolePolicyOf(world, name).then((whole) => ({ whole, lacking: new Set<Grant>() }))
  const changed = before.then(async (role) => {
    change(role)
    let { statements } = role.whole
    for (const grant of role.lacking) statements = await less(role.whole, statements, grant)
    await writeRolePolicy(world, name, role.whole.name, statements)
    return role
  })
  roles.set(name, changed)
  return changed
}

const less = async ({ statements: whole }: RolePolicy, left: readonly Allowed[], grant: Grant) => {
  const physical = await physicalOf(grant, whole)
  const reduced = left.flatMap((statement) => lessIn(statement, grant.action, physical))
  if (reduced.flatMap(pairs).length >= left.flatMap(pairs).length)
    throw new Error(`nothing was taken from the role: ${textOf(grant)}`)
  return reduced
}

/** The same program made the evaluated policy and the deployed one, statement by statement. */
const physicalOf = async ({ of, action, on }: Grant, deployed: readonly Allowed[]): Promise<string> => {
  const asked = rolePolicies(await evaluated).find((policy) => policy.of === `${of}Role`)
  for (const [index, { actions, resources }] of (asked?.statements ?? []).entries()) {
    const at = resources.findIndex((arn) => nameIn(arn) === on)
    const physical = deployed[index]?.Resource[at]
    if (actions.includes(action) && physical !== undefined) return physical
  }
  throw new Error(`the deployed role has no counterpart of ${of}: ${action} on ${on}`)
}

/** A statement of a deployed policy, with lists where IAM allows both. */
export interface Allowed {
  readonly Effect: string
  readonly Action: readonly string[]
  readonly Resource: readonly string[]
}

const pairs = ({ Action, Resource }: Allowed): readonly string[] =>
  Action.flatMap((action) => Resource.map((resource) => `${action} ${resource}`))

/** The same statement without one action on one resource: in two, because a statement multiplies its lists. */
const lessIn = (statement: Allowed, action: string, resource: string): readonly Allowed[] => {
  if (!statement.Action.includes(action) || !statement.Resource.includes(resource)) return [statement]
  const others = { ...statement, Action: statement.Action.filter((one) => one !== action) }
  const elsewhere = {
    ...statement,
    Action: [action],
    Resource: statement.Resource.filter((one) => one !== resource),
  }
  return [others, elsewhere].filter(({ Action, Resource }) => Action.length > 0 && Resource.length > 0)
}
