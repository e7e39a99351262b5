import { isDeepStrictEqual } from 'node:util'
import type { LogLine, Services } from '@countersign/functions/runtime/services'
import type { APIGatewayAuthorizerResult } from 'aws-lambda'
import type { Levers } from '../support/world.ts'
import { eventually } from './eventually.ts'
import type { Allowed } from './least-privilege.grants.ts'
import { everyEvent } from './read-models.ts'
import { dynamoTampering } from './tampering.ts'
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

const MAPPINGS = '/2015-03-31/event-source-mappings'
const FUNCTIONS: Readonly<Record<string, string>> = { Relay: 'RelayStream' }

interface Mapping {
  readonly UUID: string
  readonly FunctionArn: string
  readonly StartingPosition?: string
}

/** What polls a stream or a queue for a function, as it is now: `Relay`, `ProjectAccess`. */
const mappingOf = async (world: World, name: string) => {
  const polled = functionNamed(world, FUNCTIONS[name] ?? `${name}Subscriber`)
  const listed = await world.wire.rest('lambda', `GET ${MAPPINGS}?FunctionName=${polled}`)
  const [mapping] = listed.EventSourceMappings as readonly Mapping[]
  if (!mapping) throw new Error(`nothing polls for ${name}`)
  return mapping
}

/** Stops or starts what polls. */
export const setPolling = async (world: World, name: string, Enabled: boolean): Promise<void> => {
  const { UUID } = await mappingOf(world, name)
  await world.wire.rest('lambda', `PUT ${MAPPINGS}/${UUID}`, { Enabled })
}

/**
 * Makes the mapping of a stream again, as it was. The emulator keeps over a restart how many records it had read of a
 * stream, and not the stream (`get_state` of its `dynamodb.py` and `lambda_svc.py`): it would pass over as many new ones.
 */
export const pollAfresh = async (world: World, name: string): Promise<void> => {
  const { UUID, FunctionArn: FunctionName, ...mapping } = await mappingOf(world, name)
  if (mapping.StartingPosition !== 'TRIM_HORIZON') throw new Error(`the mapping of ${name} starts too late`)
  await world.wire.rest('lambda', `DELETE ${MAPPINGS}/${UUID}`)
  await world.wire.rest('lambda', `POST ${MAPPINGS}`, { ...mapping, FunctionName })
}

/** From now on the jobs run for nobody but who invokes their functions. */
export const stopSchedules = async ({ wire, deployment }: World): Promise<void> => {
  const schedules = deployment.resources.filter(({ type }) => type.endsWith(':Schedule'))
  for (const { physical } of schedules) {
    const present = await wire.rest('scheduler', `GET /schedules/${String(physical)}`)
    await wire.rest('scheduler', `PUT /schedules/${String(physical)}`, { ...present, State: 'DISABLED' })
  }
}

export const queueUrlOf = (world: World, subscription: string) =>
  resourceOf(world, 'Queue', `${subscription}Queue`).id

/** Of these subscriptions, those whose queue holds a message, in somebody's hands or not. */
export const waitingIn = async (world: World, names: readonly string[]): Promise<readonly string[]> => {
  const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']
  const held = await Promise.all(
    names.map(async (name) => {
      const asked = { QueueUrl: queueUrlOf(world, name), AttributeNames }
      const { Attributes = {} } = await world.wire.target('sqs', 'GetQueueAttributes', asked)
      return Object.values(Attributes as object).some((count) => Number(count) > 0)
    }),
  )
  return names.filter((_, index) => held[index])
}

/** Messages that failed come back sooner than in AWS, so that a test need not wait for minutes. */
export const hasten = async (world: World, subscription: string, seconds = 1): Promise<void> => {
  const Attributes = { VisibilityTimeout: String(seconds) }
  await world.wire.target('sqs', 'SetQueueAttributes', {
    QueueUrl: queueUrlOf(world, subscription),
    Attributes,
  })
}

/** The levers of every world, as an operator with AWS credentials has them. */
export const deployedLevers = (
  world: World,
  { publisher }: Pick<Services, 'publisher'>,
): Omit<Levers, 'attach'> => ({
  hold: async (part) => {
    await setPolling(world, part, false)
    return () => setPolling(world, part, true)
  },
  deliver: async (subscription, MessageBody) => {
    await hasten(world, subscription)
    await world.wire.target('sqs', 'SendMessage', { QueueUrl: queueUrlOf(world, subscription), MessageBody })
  },
  replay: async () => {
    const events = await everyEvent(world.wire, world.deployment)
    await publisher.publish(events.toSorted((a, b) => b.time.localeCompare(a.time)))
  },
  run: async (schedule) => {
    const { errorMessage } = await invoke(world, `${schedule}Job`, {})
    if (errorMessage !== undefined) throw new Error(`${schedule}: ${errorMessage}`)
  },
  authorize: async ({ methodArn, headers }) => {
    const asked = { type: 'REQUEST', methodArn, headers, multiValueHeaders: null }
    const answer = await invoke(world, 'Authorizer', asked)
    if (answer.errorMessage === undefined) return answer as unknown as APIGatewayAuthorizerResult
    if (answer.errorMessage === 'Unauthorized') return 'Unauthorized'
    throw new Error(answer.errorMessage)
  },
  tamper: dynamoTampering(world),
  logged: async () => {
    const groups = world.deployment.resources.filter(({ type }) => type.endsWith(':LogGroup'))
    return (await Promise.all(groups.map(({ id }) => linesOf(world, id)))).flat()
  },
})

interface Configuration {
  /** In seconds. */
  readonly Timeout?: number
  readonly MemorySize?: unknown
  readonly Environment?: { readonly Variables?: Readonly<Record<string, string>> }
}

/** Changes a function's configuration, given what it is; in new containers from the next call on. */
const configure = async (
  world: World,
  name: string,
  change: (present: Configuration) => Configuration,
): Promise<Configuration> => {
  const path = `/2015-03-31/functions/${functionNamed(world, name)}/configuration` as const
  const present: Configuration = await world.wire.rest('lambda', `GET ${path}`)
  await world.wire.rest('lambda', `PUT ${path}`, change(present))
  await eventually(`${name} is active`, async () => {
    const { State } = await world.wire.rest('lambda', `GET ${path}`)
    return State === 'Active'
  })
  return present
}

/** When Lambda ends a function that has not answered, in seconds. */
export const timeLimitOf = async (world: World, name: string): Promise<number> => {
  const path = `/2015-03-31/functions/${functionNamed(world, name)}/configuration` as const
  const { Timeout }: Configuration = await world.wire.rest('lambda', `GET ${path}`)
  if (Timeout === undefined) throw new Error(`${name} has no time limit`)
  return Timeout
}

type Variables = Readonly<Record<string, string>>

const everyFunction = async ({ wire }: Pick<World, 'wire'>) => {
  const found: (Configuration & { readonly FunctionName: string })[] = []
  for (let marker: unknown = ''; marker !== undefined; ) {
    const page = await wire.rest('lambda', `GET /2015-03-31/functions?Marker=${String(marker)}`)
    found.push(...(page.Functions as typeof found))
    marker = page.NextMarker || undefined
  }
  return found
}

/** The variables of all functions together. */
export const variablesOf = async (world: World): Promise<Variables> => {
  const variables: Record<string, string> = {}
  for (const { Environment } of await everyFunction(world)) Object.assign(variables, Environment?.Variables)
  return variables
}

/** Other values for variables that functions have, and `everybody` for those that have them not as well; in new containers. */
export const tellFunctions = async (
  world: Pick<World, 'wire'>,
  values: Variables,
  everybody: Variables,
): Promise<void> => {
  for (const { FunctionName, Environment = {} } of await everyFunction(world)) {
    const present = Environment.Variables ?? {}
    const had = Object.entries(values).filter(([name]) => name in present)
    const Variables = { ...present, ...Object.fromEntries(had), ...everybody }
    if (isDeepStrictEqual(Variables, present)) continue
    const path = `/2015-03-31/functions/${FunctionName}/configuration` as const
    await world.wire.rest('lambda', `PUT ${path}`, { Environment: { Variables } })
  }
}

/** New containers from the next call on: nothing that was read before is known to them. */
export const coldStart = async (world: World, name: string): Promise<void> => {
  await configure(world, name, ({ MemorySize }) => ({ MemorySize }))
}

/** Does something while a function finds AWS at another address, such as a proxy's that counts; in new containers. */
export const seeing = async <T>(
  world: World,
  name: string,
  endpoint: string,
  work: () => Promise<T>,
): Promise<T> => {
  const { Environment = {} } = await configure(world, name, (present) => ({
    Environment: { Variables: { ...present.Environment?.Variables, AWS_ENDPOINT_URL: endpoint } },
  }))
  try {
    return await work()
  } finally {
    await configure(world, name, () => ({ Environment }))
  }
}

/** What was written to a log group from a moment on, by a function or beside it; the group may not be there yet. */
const written = async (
  { wire }: World,
  logGroupName: string,
  startTime: Date | undefined,
): Promise<readonly string[]> => {
  const lines: string[] = []
  let nextToken: unknown
  do {
    const page = await wire.target('logs', 'FilterLogEvents', {
      logGroupName,
      ...(startTime !== undefined && { startTime: startTime.getTime() }),
      ...(nextToken !== undefined && { nextToken }),
    })
    lines.push(...(page.events as readonly { readonly message: string }[]).map(({ message }) => message))
    nextToken = page.nextToken
  } while (nextToken !== undefined)
  return lines.filter((line) => line.startsWith('{'))
}

/** What functions said of failures from a moment on: the reader of a failed test has no other way to them. */
export const saidOfFailures = async (world: World, since: Date): Promise<readonly string[]> => {
  const groups = world.deployment.resources.filter(({ type }) => type.endsWith(':LogGroup'))
  const lines = (await Promise.all(groups.map(({ id }) => written(world, id, since)))).flat()
  return lines.filter((line) => (JSON.parse(line) as LogLine).level === 'error')
}

const linesOf = async (world: World, logGroupName: string): Promise<readonly LogLine[]> =>
  (await written(world, logGroupName, undefined)).map((line) => JSON.parse(line) as LogLine)

/** Lines of JSON that a function wrote from a moment on, as they were written. */
export const writtenBy = (world: World, name: string, since: Date): Promise<readonly string[]> =>
  written(world, resourceOf(world, 'LogGroup', `${name}Logs`).id, since)

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
