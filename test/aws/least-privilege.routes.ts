import { randomBytes } from 'node:crypto'
import type { OctetKey } from '@countersign/client'
import type { Id } from '@countersign/core/shared'
import { type HttpRouteName, type InboxName, inboxes } from '@countersign/topology'
import { signAs } from '../acceptance/given.ts'
import { ID_TOKEN, TOKEN_EXCHANGE } from '../acceptance/sign-in.given.ts'
import { DOMAIN, idTokenOf } from '../support/sign-in.ts'
import { startReceiver } from '../support/webhook-receiver.ts'
import { type Act, type Calls, type Json, type Sent, textIn } from './least-privilege.calls.ts'
import type { Deliveries } from './least-privilege.deliveries.ts'
import type { Grant } from './least-privilege.grants.ts'
import { sealedDay } from './least-privilege.seals.ts'
import { coldStart } from './levers.ts'
import type { EmulatorWorld } from './world.ts'

/**
 * Makes ready something for a function to do that needs every one of its grants, or the given one where no single act
 * needs them all.
 */
export type Making = (grant: Grant) => Promise<Act>

export type RouteMaking = Readonly<Record<HttpRouteName, Making>>

const DOCUMENT = (paths: readonly string[]) => ({
  openapi: '3.1.0',
  info: { title: 'Probe', version: '1' },
  'x-countersign-authorization': ['token', 'group'],
  paths: Object.fromEntries(
    paths.map((path) => [path, { get: { responses: { '200': { description: 'It' } } } }]),
  ),
})

let count = 0
/** Never given twice. */
export const fresh = (): string => `probe-${++count}`

let accounts = 0
/** An account that nothing lives in yet. */
export const freshAccount = (): string => String(333_333_000_000 + ++accounts)

export const placed = (gatewayId: string, accountId = '111111111111') => ({
  accountId,
  region: 'eu-west-2',
  gatewayId,
  stage: 'staging',
})

export const described = (paths: readonly string[]) => ({ owner: 'probes', openapi: DOCUMENT(paths) })

const APPROVER = 'con_approver'

interface Where {
  readonly environment?: string
  readonly accountId?: string
}

/** What has to be there before a route has something to do. */
export const givenBy = ({ route }: Calls, { signIn }: EmulatorWorld) => {
  const consumer = async () => {
    const body = { name: fresh(), type: 'service', owner: 'probes' }
    return textIn((await route('POST /consumers', { body })).body, 'id')
  }
  const signer = async () => {
    const body = { name: fresh(), type: 'service', owner: 'probes', selfSigning: {} }
    return textIn((await route('POST /consumers', { body })).body, 'id')
  }
  const signed = async () => {
    const body = { name: fresh(), type: 'service', owner: 'probes', selfSigning: {} }
    const registered = (await route('POST /consumers', { body })).body
    return signAs({ id: textIn(registered, 'id'), secret: registered.secret as OctetKey })
  }
  const api = async ({ environment = 'staging', accountId }: Where = {}) => {
    const name = fresh()
    await route('PUT /apis/{name}', { path: { name }, body: described(['/a', '/b']) })
    await route('PUT /apis/{name}/deployments/{environment}', {
      path: { name, environment },
      body: placed(name.replace('-', ''), accountId),
    })
    return name
  }
  const wanted = async (environment?: string) => ({
    consumer: await consumer(),
    grants: [
      {
        api: await api(environment ? { environment } : {}),
        environment: environment ?? 'staging',
        routes: ['GET /a'],
      },
    ],
    expiresIn: '1d',
  })
  const token = async (environment?: string) =>
    textIn((await route('POST /tokens', { body: await wanted(environment) })).body, 'id')
  const plan = async () => {
    const [name, api] = [fresh(), await keyed()]
    await route('PUT /usage-plans/{name}', { path: { name }, body: { api, environment: 'staging' } })
    return name
  }
  const keyed = async () => {
    const name = fresh()
    const openapi = { ...DOCUMENT(['/a']), 'x-countersign-authorization': 'api-key' }
    await route('PUT /apis/{name}', { path: { name }, body: { owner: 'probes', openapi } })
    await route('PUT /apis/{name}/deployments/{environment}', {
      path: { name, environment: 'staging' },
      body: placed(name.replace('-', '')),
    })
    return name
  }
  const wantedKey = async (...plans: readonly string[]) => ({
    consumer: await consumer(),
    plans: plans.length > 0 ? plans : [await plan()],
  })
  const apiKey = async (...plans: readonly string[]) =>
    textIn((await route('POST /api-keys', { body: await wantedKey(...plans) })).body, 'id')
  /** As much as `POST /tokens` takes, for an API of its own. */
  const grants = async (environment?: string) => ({ grants: (await wanted(environment)).grants })
  const exchange = async (id = fresh()) => {
    const member = { id, primaryEmail: `${id}@${DOMAIN}`, groups: ['probes'] }
    signIn.directory.members.set(id, member)
    const subject_token = await idTokenOf(signIn, member)
    return { grant_type: TOKEN_EXCHANGE, subject_token_type: ID_TOKEN, subject_token }
  }
  const session = async (id = fresh()) => {
    const { body } = await route('POST /oauth/token', { form: await exchange(id) })
    return { member: id, token: textIn(body, 'access_token') }
  }
  /** With a receiver of its own. */
  const webhook = async () => {
    const receiver = await startReceiver()
    const body = { url: receiver.url, events: ['consumer.registered'] }
    const id = textIn((await route('POST /webhooks', { body })).body, 'id') as Id<'webhook'>
    return { id, receiver }
  }
  /** The newest key of the ring, unless it is the only one: each that is given up leaves another one behind. */
  const spareKey = async () => {
    const { items } = (await route('GET /signing-keys')).body as unknown as {
      readonly items: readonly Json[]
    }
    const [, ...spare] = items.filter(({ state }) => state !== 'retired')
    const newest = spare.at(-1) ?? (await route('POST /signing-keys/rotation')).body
    return textIn(newest, 'kid')
  }
  return {
    spareKey,
    webhook,
    consumer,
    signer,
    signed,
    api,
    wanted,
    grants,
    token,
    keyed,
    plan,
    wantedKey,
    apiKey,
    exchange,
    session,
  }
}

/** What the routes of the platform's own API need their grants for. A new route is missing here until it has a probe. */
export const routeProbes = (world: EmulatorWorld, calls: Calls, deliveries: Deliveries): RouteMaking => {
  const { route, trying } = calls
  const given = givenBy(calls, world)
  const at = (id: string, rest: Sent = {}): Sent => ({ path: { id }, ...rest })
  const bury = burying(world)
  return {
    'POST /consumers': async () =>
      trying('POST /consumers', {
        body: { name: fresh(), type: 'service', owner: 'probes', selfSigning: {} },
      }),
    'GET /consumers': async () => trying('GET /consumers'),
    'GET /consumers/{id}': async () => trying('GET /consumers/{id}', at(await given.consumer())),
    'PUT /consumers/{id}/grants': async () =>
      trying('PUT /consumers/{id}/grants', at(await given.signer(), { body: await given.grants() })),
    'POST /consumers/{id}/grants/approval': async () => {
      const id = await given.signer()
      await route('PUT /consumers/{id}/grants', at(id, { body: await given.grants('production') }))
      return trying('POST /consumers/{id}/grants/approval', at(id, { actor: APPROVER }))
    },
    'POST /consumers/{id}/secret': async () =>
      trying('POST /consumers/{id}/secret', at(await given.signer(), { body: {} })),
    'POST /consumers/{id}/suspension': async () =>
      trying('POST /consumers/{id}/suspension', at(await given.consumer())),
    'POST /consumers/{id}/resumption': async () => {
      const id = await given.consumer()
      await route('POST /consumers/{id}/suspension', at(id))
      return trying('POST /consumers/{id}/resumption', at(id))
    },
    'PUT /apis/{name}': async () => {
      const name = await given.api()
      return trying('PUT /apis/{name}', { path: { name }, body: described(['/a']) })
    },
    'GET /apis': async () => trying('GET /apis'),
    'GET /apis/{name}': async () => trying('GET /apis/{name}', { path: { name: await given.api() } }),
    'DELETE /apis/{name}': async () => trying('DELETE /apis/{name}', { path: { name: await given.api() } }),
    'PUT /apis/{name}/deployments/{environment}': async () =>
      trying('PUT /apis/{name}/deployments/{environment}', {
        path: { name: await given.api(), environment: 'staging' },
        body: placed(fresh().replace('-', '')),
      }),
    'PUT /apis/{name}/access-rules/{environment}': async () =>
      trying('PUT /apis/{name}/access-rules/{environment}', {
        path: { name: await given.api(), environment: 'staging' },
        body: { rules: [{ group: 'probes', routes: ['GET /a'] }] },
      }),
    'POST /tokens': async () => trying('POST /tokens', { body: await given.wanted() }),
    'GET /tokens': async () => trying('GET /tokens'),
    'GET /tokens/{id}': async () => trying('GET /tokens/{id}', at(await given.token())),
    'POST /tokens/{id}/approval': async () =>
      trying('POST /tokens/{id}/approval', at(await given.token('production'), { actor: APPROVER })),
    'POST /tokens/{id}/rejection': async () =>
      trying('POST /tokens/{id}/rejection', at(await given.token('production'), { actor: APPROVER })),
    'POST /tokens/{id}/collection': async () => {
      const id = await given.token('production')
      await route('POST /tokens/{id}/approval', at(id, { actor: APPROVER }))
      return trying('POST /tokens/{id}/collection', at(id))
    },
    'POST /tokens/{id}/disablement': async () =>
      trying('POST /tokens/{id}/disablement', at(await given.token())),
    'POST /tokens/{id}/enablement': async () => {
      const id = await given.token()
      await route('POST /tokens/{id}/disablement', at(id))
      return trying('POST /tokens/{id}/enablement', at(id))
    },
    'POST /tokens/{id}/revocation': async () =>
      trying('POST /tokens/{id}/revocation', at(await given.token(), { body: { reason: 'requested' } })),
    'POST /tokens/{id}/reroll': async () =>
      trying('POST /tokens/{id}/reroll', at(await given.token(), { body: {} })),
    'POST /revocations': async () =>
      trying('POST /revocations', {
        body: { consumer: await given.consumer(), reason: 'requested' },
      }),
    'POST /lockdowns': async () =>
      trying('POST /lockdowns', { body: { environment: fresh(), because: 'drill' } }),
    'POST /lockdowns/lifting': async () => {
      const body = { environment: fresh(), because: 'drill' }
      await route('POST /lockdowns', { body })
      return trying('POST /lockdowns/lifting', { body })
    },
    'GET /lockdowns': async () => trying('GET /lockdowns'),
    /** It keeps what it has read for some seconds. */
    'GET /.well-known/jwks.json': async () => async () => {
      await coldStart(world, 'GetWellKnownJwksJsonRoute')
      return trying('GET /.well-known/jwks.json')()
    },
    'GET /signing-keys': async () => trying('GET /signing-keys'),
    'POST /signing-keys': async () =>
      trying('POST /signing-keys', {
        body: { algorithm: 'HS512', secret: randomBytes(64).toString('base64url') },
      }),
    'POST /signing-keys/rotation': async () => trying('POST /signing-keys/rotation'),
    'POST /signing-keys/{kid}/compromise': async () => {
      return trying('POST /signing-keys/{kid}/compromise', {
        path: { kid: await given.spareKey() },
        body: {},
      })
    },
    'PUT /usage-plans/{name}': async () =>
      trying('PUT /usage-plans/{name}', {
        path: { name: fresh() },
        body: { api: await given.keyed(), environment: 'staging' },
      }),
    'GET /usage-plans': async () => trying('GET /usage-plans'),
    'GET /usage-plans/{name}': async () =>
      trying('GET /usage-plans/{name}', { path: { name: await given.plan() } }),
    'POST /api-keys': async () => trying('POST /api-keys', { body: await given.wantedKey() }),
    'GET /api-keys': async () => trying('GET /api-keys'),
    'GET /api-keys/{id}': async () => trying('GET /api-keys/{id}', at(await given.apiKey())),
    'POST /api-keys/{id}/rotation': async () =>
      trying('POST /api-keys/{id}/rotation', at(await given.apiKey(), { body: {} })),
    'POST /api-keys/{id}/disablement': async () =>
      trying('POST /api-keys/{id}/disablement', at(await given.apiKey(), { body: {} })),
    'POST /webhooks': async () =>
      trying('POST /webhooks', { body: { url: 'http://127.0.0.1:9/', events: ['webhook.tested'] } }),
    'GET /webhooks': async () => trying('GET /webhooks'),
    'GET /webhooks/{id}': async () => trying('GET /webhooks/{id}', at((await given.webhook()).id)),
    'PUT /webhooks/{id}': async () => {
      const { id } = await given.webhook()
      // The same once more would change nothing, and other events would be sent there from then on.
      const body = () => ({ url: 'http://127.0.0.1:9/', events: ['webhook.tested'], name: fresh() })
      return async () => trying('PUT /webhooks/{id}', at(id, { body: body() }))()
    },
    'POST /webhooks/{id}/disablement': async () =>
      trying('POST /webhooks/{id}/disablement', at((await given.webhook()).id, { body: {} })),
    'POST /webhooks/{id}/enablement': async () => {
      const { id } = await given.webhook()
      await route('POST /webhooks/{id}/disablement', at(id, { body: {} }))
      return trying('POST /webhooks/{id}/enablement', at(id))
    },
    'POST /webhooks/{id}/secret': async () =>
      trying('POST /webhooks/{id}/secret', at((await given.webhook()).id, { body: {} })),
    /** What it signs with it reads once. */
    'POST /webhooks/{id}/test': async () => {
      const { id } = await given.webhook()
      return async () => {
        await coldStart(world, 'PostWebhooksIdTestRoute')
        return trying('POST /webhooks/{id}/test', at(id))()
      }
    },
    /** An access token of the directory is kept for an hour. */
    'POST /oauth/token': async () => {
      const form = await given.exchange()
      return async () => {
        await coldStart(world, 'PostOauthTokenRoute')
        return trying('POST /oauth/token', { form })()
      }
    },
    'POST /oauth/revoke': async () =>
      trying('POST /oauth/revoke', { form: { token: (await given.session()).token } }),
    'POST /oauth/introspect': async () =>
      trying('POST /oauth/introspect', { form: { token: (await given.session()).token } }),
    /** A token that a consumer signed leads past every key there is, and the id of one to the ledger. */
    'POST /decisions/explanation': async ({ action }) => {
      const asked = { method: 'GET', path: '/a' }
      const api = await given.api()
      const body = action.endsWith(':GetItem')
        ? { ...asked, tokenId: await given.token(), api, environment: 'staging' }
        : { ...asked, token: await given.signed(), gatewayId: api.replace('-', ''), stage: 'staging' }
      return trying('POST /decisions/explanation', { body })
    },
    'GET /audit/events': async ({ on }) =>
      trying(
        'GET /audit/events',
        on.includes('/index/') ? {} : { query: { entity: await given.consumer() } },
      ),
    'GET /audit/heads': async ({ on }) =>
      trying('GET /audit/heads', on.includes('/index/') ? {} : { query: { entity: await given.consumer() } }),
    'GET /audit/security-events': async () => trying('GET /audit/security-events'),
    'GET /audit/seals': async () => trying('GET /audit/seals'),
    'GET /audit/seals/{day}': async () =>
      trying('GET /audit/seals/{day}', { path: { day: await sealedDay(world) } }),
    'GET /audit/seals/{day}/leaves': async () =>
      trying('GET /audit/seals/{day}/leaves', { path: { day: await sealedDay(world) } }),
    'GET /pipeline': async () => trying('GET /pipeline'),
    'POST /pipeline/{subscription}/redrive': async ({ on }) => {
      const subscription = subscriptionOf(on)
      const redriven = trying('POST /pipeline/{subscription}/redrive', { path: { subscription } })
      const messages = await deliveries[subscription]()
      return async () => {
        await bury(subscription, messages)
        return redriven()
      }
    },
    'GET /health': async () => trying('GET /health'),
  }
}

/** Whose queue, or whose dead letters, `ProjectAccessDeadLettersQueue` is. */
export const subscriptionOf = (queue: string): InboxName => {
  const name = queue.replace(/(DeadLetters)?Queue$/, '')
  const found = Object.keys(inboxes).find((known) => known === name)
  if (found === undefined) throw new Error(`${queue} is no subscription's`)
  return found as InboxName
}

/** Puts something into the dead letters that its subscriber has no trouble with. */
const burying =
  ({ wire, deployment }: EmulatorWorld) =>
  async (subscription: InboxName, messages: readonly object[]) => {
    const queues = JSON.parse(deployment.outputs.environment.SUBSCRIPTION_QUEUES ?? '{}') as Readonly<
      Record<string, { readonly deadLetterQueueUrl: string }>
    >
    const QueueUrl = queues[subscription]?.deadLetterQueueUrl
    for (const delivered of messages)
      await wire.target('sqs', 'SendMessage', { QueueUrl, MessageBody: JSON.stringify(delivered) })
  }
