import { formatRoute, type ProtectedRoute } from '@countersign/core/shared'
import { make as approveToken } from '@countersign/functions/http/approve-token'
import { make as beginLockdown } from '@countersign/functions/http/begin-lockdown'
import { make as changeAccessRules } from '@countersign/functions/http/change-access-rules'
import { make as changeConsumerGrants } from '@countersign/functions/http/change-consumer-grants'
import { make as collectToken } from '@countersign/functions/http/collect-token'
import { make as compromise } from '@countersign/functions/http/compromise-signing-key'
import { make as createApiKey } from '@countersign/functions/http/create-api-key'
import { make as deployApi } from '@countersign/functions/http/deploy-api'
import { make as deregisterApi } from '@countersign/functions/http/deregister-api'
import { make as disableApiKey } from '@countersign/functions/http/disable-api-key'
import { make as disableToken } from '@countersign/functions/http/disable-token'
import { make as enableToken } from '@countersign/functions/http/enable-token'
import { make as exchangeToken } from '@countersign/functions/http/exchange-token'
import { make as issueToken } from '@countersign/functions/http/issue-token'
import { make as liftLockdown } from '@countersign/functions/http/lift-lockdown'
import { make as putUsagePlan } from '@countersign/functions/http/put-usage-plan'
import { make as redrive } from '@countersign/functions/http/redrive-subscription'
import { make as registerConsumer } from '@countersign/functions/http/register-consumer'
import { make as rejectToken } from '@countersign/functions/http/reject-token'
import { make as rerollToken } from '@countersign/functions/http/reroll-token'
import { make as resumeConsumer } from '@countersign/functions/http/resume-consumer'
import { make as revokeCredential } from '@countersign/functions/http/revoke-credential'
import { make as revokeSet } from '@countersign/functions/http/revoke-set'
import { make as revokeToken } from '@countersign/functions/http/revoke-token'
import { make as rotateApiKey } from '@countersign/functions/http/rotate-api-key'
import { make as rotateSecret } from '@countersign/functions/http/rotate-consumer-secret'
import { make as rotateKeys } from '@countersign/functions/http/rotate-signing-keys'
import { make as suspendConsumer } from '@countersign/functions/http/suspend-consumer'
import { registerRoutes } from '@countersign/functions/runtime/registration'
import type { Services } from '@countersign/functions/runtime/services'
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { proxied } from '../acceptance/one-machine.ts'
import type { Cause } from './oracle.ts'

export interface Answered {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** Publishing reads no OpenAPI document here: what is registered are routes. */
const publish =
  (services: Services) =>
  async ({ pathParameters, headers, body }: APIGatewayProxyEvent) => {
    const now = services.clock()
    const asked = {
      cause: { actor: 'con_operator', correlationId: 'publish', now },
      idempotencyKey: headers['idempotency-key'],
      fingerprint: String(body),
      ifMatch: undefined,
    }
    const { routes } = JSON.parse(String(body)) as { readonly routes: readonly ProtectedRoute[] }
    const described = {
      name: pathParameters?.name ?? '',
      owner: 'team',
      routes,
      publishedAt: now.toISOString(),
    }
    const done = await registerRoutes(services, asked, described).catch(() => undefined)
    return {
      statusCode: done?.ok ? done.value.status : 500,
      body: JSON.stringify(done?.ok ? done.value.body : {}),
    }
  }

const HANDLERS = {
  'POST /consumers': registerConsumer,
  'POST /consumers/{id}/suspension': suspendConsumer,
  'POST /consumers/{id}/resumption': resumeConsumer,
  'POST /consumers/{id}/secret': rotateSecret,
  'PUT /consumers/{id}/grants': changeConsumerGrants,
  'POST /revocations': revokeSet,
  'POST /lockdowns': beginLockdown,
  'POST /lockdowns/lifting': liftLockdown,
  'PUT /apis/{name}': publish,
  'PUT /apis/{name}/deployments/{environment}': deployApi,
  'PUT /apis/{name}/access-rules/{environment}': changeAccessRules,
  'DELETE /apis/{name}': deregisterApi,
  'POST /tokens': issueToken,
  'POST /tokens/{id}/approval': approveToken,
  'POST /tokens/{id}/rejection': rejectToken,
  'POST /tokens/{id}/collection': collectToken,
  'POST /tokens/{id}/reroll': rerollToken,
  'POST /tokens/{id}/disablement': disableToken,
  'POST /tokens/{id}/enablement': enableToken,
  'POST /tokens/{id}/revocation': revokeToken,
  'PUT /usage-plans/{name}': putUsagePlan,
  'POST /api-keys': createApiKey,
  'POST /api-keys/{id}/rotation': rotateApiKey,
  'POST /api-keys/{id}/disablement': disableApiKey,
  'POST /oauth/token': exchangeToken,
  'POST /oauth/revoke': revokeCredential,
  'POST /signing-keys/rotation': rotateKeys,
  'POST /signing-keys/{kid}/compromise': compromise,
  'POST /pipeline/{subscription}/redrive': redrive,
} as const satisfies Record<string, (services: Services) => (event: APIGatewayProxyEvent) => Promise<unknown>>

export type CommandRoute = keyof typeof HANDLERS

/** A request that an operator sends, and may send again. */
export interface Command {
  readonly route: CommandRoute
  readonly path?: Readonly<Record<string, string>>
  readonly body?: object
  /** In place of a body. */
  readonly form?: Readonly<Record<string, string>>
  /** Who asks, where it is not the operator. */
  readonly actor?: string
  readonly refuses?: readonly Cause[]
  /** What it takes back. */
  readonly undoes?: readonly Cause[]
  /** What it takes back is open again as soon as it is acknowledged. */
  readonly lifts?: boolean
  /** Nothing takes it back, so that any acknowledgement counts, a repeated one too. */
  readonly terminal?: boolean
  /** Functions that rotate must not stand still for long between two of their steps. */
  readonly brief?: boolean
  /** The set that it refuses: what was issued before, or until it is asked for. */
  readonly set?: { readonly target: string; readonly before?: number }
  /** It asks the directory, and acts on the answer some time later. */
  readonly asksDirectory?: boolean
  readonly learn?: (body: Answered['body']) => void
  /** Of the answer; known after it. */
  readonly alsoRefuses?: (body: Answered['body']) => readonly Cause[]
}

export interface KnownCommand extends Command {
  readonly key: string
  readonly askedAt: number
  first: Answered['body'] | undefined
}

export const send = async (
  services: Services,
  { route, path = {}, body, form, actor, key }: KnownCommand,
): Promise<Answered> => {
  const event = proxied(route, path, body)
  if (actor) Object.assign(event.requestContext, { authorizer: { consumerId: actor } })
  if (form) event.body = new URLSearchParams(form).toString()
  const headers = {
    'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json',
    'idempotency-key': key,
  }
  const answer = (await HANDLERS[route](services)({ ...event, headers })) as {
    statusCode: number
    body: string
  }
  return { status: answer.statusCode, body: JSON.parse(answer.body) as Answered['body'] }
}

export const SLOTS = [
  { name: 'things-0', gatewayId: 'gw0', ttlSeconds: 0, environment: 'staging' },
  { name: 'things-1', gatewayId: 'gw1', ttlSeconds: 5, environment: 'staging' },
  { name: 'things-2', gatewayId: 'gw2', ttlSeconds: 0, environment: 'staging' },
  { name: 'things-3', gatewayId: 'gw3', ttlSeconds: 0, environment: 'production' },
] as const

/** What lives there is published and withdrawn by the API Hub, in events alone. */
export const HUB_SLOT = 2

/** Of those where nobody has to approve. */
export const OPEN_SLOTS = SLOTS.filter(({ environment }) => environment !== 'production').length

const route = (path: string, authorization: ProtectedRoute['authorization']): ProtectedRoute => ({
  method: 'GET',
  path,
  authorization,
})
export const ROUTES = [
  route('/a', 'token'),
  route('/b/{id}', 'token+group'),
  route('/b/{id}/c', 'token+group'),
] as const
export const ROUTE_NAMES = ROUTES.map(formatRoute)
/** What is registered of an API: all of it more often than not. */
export const VARIANTS = [ROUTES, ROUTES, ROUTES, [ROUTES[0], ROUTES[1]], [ROUTES[1], ROUTES[2]]] as const

export const coordinatesOf = (slot: number) => ({
  accountId: '111111111111',
  region: 'eu-west-2',
  gatewayId: SLOTS[slot]?.gatewayId ?? '',
  stage: 'v1',
})
