import { eventually } from './eventually.ts'
import type { Allowed } from './least-privilege.grants.ts'
import type { EmulatorWorld } from './world.ts'

/** What an operator with AWS credentials can move in a deployed system. */

type World = Pick<EmulatorWorld, 'wire' | 'deployment'>

const resourceOf = ({ deployment }: World, type: string, name: string) => {
  const found = deployment.resources.find((made) => made.type.endsWith(`:${type}`) && made.name === name)
  if (!found) throw new Error(`the deployment made no ${type} ${name}`)
  return found
}

/** Physical name of a function of ours. */
export const functionNamed = (world: World, name: string): string =>
  resourceOf(world, 'Function', `${name}Function`).id

export interface Invoked {
  readonly errorMessage?: string
}

/** Invokes a function as a service would; a thrown error comes back as `errorMessage`. */
export const invoke = async (world: World, name: string, event: object): Promise<Invoked> => {
  const path = `POST /2015-03-31/functions/${functionNamed(world, name)}/invocations` as const
  return ((await world.wire.rest('lambda', path, event)) ?? {}) as Invoked
}

/** Stops or starts what polls a stream or a queue for a function; `Relay`, `ProjectAccess`. */
export const setPolling = async (world: World, name: string, Enabled: boolean): Promise<void> => {
  const { id } = world.deployment.resources.find(
    (made) => made.type.endsWith(':EventSourceMapping') && made.name.includes(name),
  ) ?? { id: undefined }
  if (id === undefined) throw new Error(`nothing polls for ${name}`)
  await world.wire.rest('lambda', `PUT /2015-03-31/event-source-mappings/${id}`, { Enabled })
}

/** Messages that failed come back sooner than in AWS, so that a test need not wait for minutes. */
export const hasten = async (world: World, subscription: string): Promise<void> => {
  const { id: QueueUrl } = resourceOf(world, 'Queue', `${subscription}Queue`)
  await world.wire.target('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { VisibilityTimeout: '1' } })
}

/** New containers from the next call on: nothing that was read before is known to them. */
export const coldStart = async (world: World, name: string): Promise<void> => {
  const path = `/2015-03-31/functions/${functionNamed(world, name)}/configuration` as const
  const { MemorySize } = await world.wire.rest('lambda', `GET ${path}`)
  await world.wire.rest('lambda', `PUT ${path}`, { MemorySize })
  await eventually(`${name} is active`, async () => {
    const { State } = await world.wire.rest('lambda', `GET ${path}`)
    return State === 'Active'
  })
}

/** Physical name of a function's role. */
export const roleNamed = (world: World, name: string): string => resourceOf(world, 'Role', `${name}Role`).id

export interface RolePolicy {
  readonly name: string
  readonly statements: readonly Allowed[]
}

const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value

/** The one inline policy of a role, as IAM has it. */
export const rolePolicyOf = async ({ wire }: World, RoleName: string): Promise<RolePolicy> => {
  const listed = await wire.query('iam', 'ListRolePolicies', { RoleName })
  const [PolicyName, another] = [...listed.matchAll(/<member>([^<]+)<\/member>/g)].map(([, found]) => found)
  if (PolicyName === undefined || another !== undefined) throw new Error(`not one policy: ${RoleName}`)
  const got = await wire.query('iam', 'GetRolePolicy', { RoleName, PolicyName })
  const [, encoded = ''] = /<PolicyDocument>([^<]*)<\/PolicyDocument>/.exec(got) ?? []
  const text = encoded.startsWith('%') ? decodeURIComponent(encoded) : encoded.replaceAll('&quot;', '"')
  const { Statement } = JSON.parse(text) as { readonly Statement: readonly Partial<Allowed>[] }
  const statements = Statement.map(({ Effect = '', Action, Resource }) => ({
    Effect,
    Action: listOf(Action),
    Resource: listOf(Resource),
  }))
  return { name: PolicyName, statements }
}

export const writeRolePolicy = async (
  { wire }: World,
  RoleName: string,
  PolicyName: string,
  Statement: readonly Allowed[],
): Promise<void> => {
  // IAM takes no policy without a statement.
  if (Statement.length === 0) await wire.query('iam', 'DeleteRolePolicy', { RoleName, PolicyName })
  else {
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
    await wire.query('iam', 'PutRolePolicy', { RoleName, PolicyName, PolicyDocument })
  }
}
