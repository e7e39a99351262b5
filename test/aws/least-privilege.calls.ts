import { join } from 'node:path'
import { apiGatewayKeys } from '@countersign/aws/api-gateway-keys'
import { connect } from '@countersign/functions/runtime/connect'
import type { Services } from '@countersign/functions/runtime/services'
import { type HttpRoute, type HttpRouteName, type Runs, routes } from '@countersign/topology'
import { ROOT } from '../stacks/evaluate.ts'
import { errorsOnly } from './errors-only.ts'
import { functionNames } from './least-privilege.grants.ts'
import { invoke, variablesOf } from './levers.ts'
import type { EmulatorWorld } from './world.ts'

/** What became of something that was tried. */
export type Outcome = 'done' | 'failed'

/** Something that can be tried again and again with the same meaning. */
export type Act = () => Promise<Outcome>

export interface Sent {
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: object
  /** In place of a body: a form, name by name. */
  readonly form?: Readonly<Record<string, string>>
  /** The consumer that calls. */
  readonly actor?: string
}

export type Json = Readonly<Record<string, unknown>>

export interface Answer {
  readonly status: number
  readonly body: Json
}

/** Members of an answer that are known to be text. */
export const textIn = (body: Json, member: string): string => {
  const value = body[member]
  if (typeof value !== 'string') throw new Error(`no ${member} in ${JSON.stringify(body)}`)
  return value
}

export interface Calls {
  /** All ports, with the rights of whoever deploys. */
  readonly services: Services
  /** What a route of the deployed system would do, done in this process: whatever roles lack meanwhile, it succeeds. */
  route(route: HttpRouteName, sent?: Sent): Promise<Answer>
  /** The deployed function, called as API Gateway does: a 500 is a failure, any other refusal a defect of the probe. */
  trying(route: HttpRouteName, sent?: Sent): Act
  /** As any other service does. An error thrown is a failure, and so is a message that was not handled. */
  invoking(runs: Runs, event: object): Act
}

export const callsIn = async (world: EmulatorWorld): Promise<Calls> => {
  const names = await functionNames()
  const nameOf = ({ module }: Runs): string => {
    const name = names.get(module)
    if (name === undefined) throw new Error(`no function was made of ${module}`)
    return name
  }
  const services: Services = {
    ...(await connect(await variablesOf(world))),
    gatewayKeys: apiGatewayKeys({ pace: async () => {} }),
    log: errorsOnly,
  }
  // All of them before the first is called: reading them keeps this process from noticing answers.
  const handlers = new Map<string, Handle>()
  for (const [route, { module }] of Object.entries<HttpRoute>(routes)) {
    const { make }: Module = await import(join(ROOT, `${module}.ts`))
    handlers.set(route, make(services))
  }
  return {
    services,
    route: async (route, sent) => {
      const ask = () => atLast(route, handlers.get(route), proxied(route, sent))
      let answer = await ask()
      // Another probe gave up the key meanwhile: issue another, the answer says.
      for (let left = MOST_TRIES; answer.body.code === 'signing_key_gone' && left > 1; left--)
        answer = await ask()
      if (answer.status >= 300) throw new Error(`${route}: ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer
    },
    trying: (route, sent) => {
      const event = proxied(route, sent)
      const ask = async (left = MOST_TRIES): Promise<Answer> => {
        const answered = await invoke(world, nameOf(routes[route] satisfies HttpRoute), event)
        const answer = answerIn(route, answered)
        // Weather, which says nothing of a role: whoever may not is answered otherwise.
        return answer.body.code === 'store_unavailable' && left > 1 ? ask(left - 1) : answer
      }
      return async () => {
        const { status, body } = await ask()
        if (status < 300) return 'done'
        if (body.code === 'internal_error' || body.code === 'directory_unreachable') return 'failed'
        throw new Error(`${route}: ${status} ${JSON.stringify(body)}`)
      }
    },
    invoking: (runs, event) => async () => {
      const { errorMessage, batchItemFailures = [] }: Invocation = await invoke(world, nameOf(runs), event)
      return errorMessage === undefined && batchItemFailures.length === 0 ? 'done' : 'failed'
    },
  }
}

type Handle = (event: object) => Promise<Invocation>

interface Module {
  readonly make: (services: Services) => Handle
}

const answerIn = (route: HttpRouteName, { statusCode, body, ...rest }: Invocation): Answer => {
  if (statusCode === undefined) throw new Error(`${route}: ${JSON.stringify(rest)}`)
  return { status: statusCode, body: JSON.parse(body ?? '{}') as Json }
}

const MOST_TRIES = 5

/** With one `Idempotency-Key`, as a caller does who was told of a failure on the other side: the machine may be busy. */
const atLast = async (route: HttpRouteName, handle: Handle | undefined, event: object): Promise<Answer> => {
  if (!handle) throw new Error(`nothing handles ${route}`)
  for (let left = MOST_TRIES; left > 1; left--) {
    const answer = answerIn(route, await handle(event))
    if (answer.status < 500) return answer
  }
  return answerIn(route, await handle(event))
}

/** What a function of ours answers, whoever asks. */
interface Invocation {
  readonly statusCode?: number
  readonly body?: string
  readonly errorMessage?: string
  readonly batchItemFailures?: readonly unknown[]
}

/** Payload 1.0 of a proxy integration. */
const proxied = (
  route: HttpRouteName,
  { path = {}, query, body, form, actor = 'con_operator' }: Sent = {},
): object => {
  const [httpMethod = '', resource = ''] = route.split(' ')
  const filled = resource.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''))
  return {
    httpMethod,
    resource,
    path: filled,
    headers: {
      'Content-Type': form ? 'application/x-www-form-urlencoded' : 'application/json',
      'Idempotency-Key': crypto.randomUUID(),
    },
    pathParameters: path,
    queryStringParameters: query ?? null,
    body: form ? new URLSearchParams(form).toString() : body ? JSON.stringify(body) : null,
    isBase64Encoded: false,
    requestContext: { requestId: crypto.randomUUID(), authorizer: { consumerId: actor }, identity: {} },
  }
}
