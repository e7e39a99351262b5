import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { allItems, type Client } from '@countersign/client'
import { body, eventually } from './outcome.ts'
import type { Scene } from './scene.ts'
import { createTeller, expect, type Tell } from './tell.ts'

const examples = join(import.meta.dirname, '../../../examples')
const ROUTE = 'GET /api/v1/tenancies/{id}'
const ACCOUNT = { accountId: '111111111111', region: 'eu-west-2', stage: 'staging' }

/** From the API Hub's event to the audit log. Throws `StoryBroken` when a step does not do what it says. */
export const tellStory = async (scene: Scene, tell: Tell): Promise<void> => {
  const { client } = scene
  const step = createTeller(tell, () => performance.now())
  const begun = new Date()
  await step(() => publish(scene, 'tenancies', 'abc123'))
  await step(() => publish(scene, 'repairs', 'def456'))
  const routes = await step(() => registered(client, 'tenancies'))
  await step(() => registered(client, 'repairs'))
  const consumer = await step(() => registerConsumer(client))
  const token = await step(() => issue(client, consumer))
  const call = (method: string, path: string, status: number, what: string, presented: string) =>
    step(() => calls(scene, { method, path, status, what, presented }))
  const mine = '/abc123/staging/api/v1/tenancies/7'
  await step(() => eventuallyOpens(scene, mine, token.secret))
  await call('POST', '/abc123/staging/api/v1/tenancies', 403, 'a method that was not granted', token.secret)
  await call('GET', '/def456/staging/api/v1/repairs/7', 403, 'an API that was not granted', token.secret)
  await call('GET', mine, 401, 'garbage instead of a token', 'garbage')
  await step(() => rotate(client))
  await call('GET', mine, 200, 'the token of before the rotation', token.secret)
  await step(() => revoke(client, token.id))
  await call('GET', mine, 401, 'the very next request', token.secret)
  expect(routes === 4, 'the API does not have the four routes of its document')
  await tellAudit(client, begun, tell)
}

const publish = async (scene: Scene, name: string, gatewayId: string) => {
  const id = await scene.publish({
    publicationId: `demo-${name}`,
    name,
    owner: 'housing@example.org',
    openapi: readFileSync(join(examples, `${name}.yaml`), 'utf8'),
    deployments: [{ environment: 'staging', ...ACCOUNT, gatewayId }],
  })
  return {
    said: `The API Hub published "${name}": event ${id}`,
    value: undefined,
  }
}

const registered = async (client: Client, name: string) => {
  const api = await eventually(async () => {
    const shown = await client.apis.show(name)
    return shown.ok && shown.value.body.deployments.length > 0 ? shown.value.body : undefined
  }, `"${name}" was not registered`)
  const [deployment] = api.deployments
  return {
    said: `"${name}" registered: ${api.routes.length} route${api.routes.length === 1 ? '' : 's'}, ${deployment?.environment} at ${deployment?.accountId}/${deployment?.gatewayId}/${deployment?.stage}`,
    value: api.routes.length,
  }
}

const registerConsumer = async (client: Client) => {
  const wanted = { name: 'Repairs service', type: 'service', owner: 'repairs@example.org' } as const
  const { id, name } = body(await client.consumers.register(wanted), 'the consumer was not registered')
  return { said: `Consumer "${name}" registered: ${id}`, value: id }
}

const issue = async (client: Client, consumer: string) => {
  const grants = [{ api: 'tenancies', environment: 'staging', routes: [ROUTE] }]
  const issued = body(
    await client.tokens.issue({ consumer, grants, expiresIn: '30d' }),
    'no token was issued',
  )
  expect(issued.token !== undefined, 'the answer holds no token')
  return { said: `Token issued for ${ROUTE}: ${issued.id}`, value: { id: issued.id, secret: issued.token } }
}

interface Calling {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly what: string
  readonly presented: string
}

const send = (scene: Scene, { method, path, presented }: Pick<Calling, 'method' | 'path' | 'presented'>) =>
  fetch(`${scene.gateway}${path}`, { method, headers: { authorization: `Bearer ${presented}` } })

const calls = async (scene: Scene, calling: Calling) => {
  const { method, path, status, what } = calling
  const response = await send(scene, calling)
  await response.text()
  expect(response.status === status, `${method} ${path} (${what}) answered ${response.status}, not ${status}`)
  return { said: `${status} ${method} ${path}: ${what}`, value: undefined }
}

/** What gives access travels as an event; it may take a moment. */
const eventuallyOpens = async (scene: Scene, path: string, presented: string) => {
  await eventually(async () => {
    const response = await send(scene, { method: 'GET', path, presented })
    await response.text()
    return response.status === 200 ? true : undefined
  }, `GET ${path} was never answered with 200`)
  return { said: `200 GET ${path}: let through by the authorizer`, value: undefined }
}

const rotate = async (client: Client) => {
  const { kid, signsFrom } = body(await client.signingKeys.rotate(), 'the signing key was not rotated')
  return { said: `Signing key rotated: ${kid} signs from ${signsFrom.slice(11, 19)}`, value: undefined }
}

const revoke = async (client: Client, id: string) => {
  const revoked = body(await client.tokens.revoke(id, { reason: 'requested' }), 'the token was not revoked')
  expect(revoked.state === 'revoked', `the token is ${revoked.state}`)
  return { said: `Token revoked; enforced by every gateway from ${revoked.enforcedBy}`, value: undefined }
}

const EXPECTED = [
  'api.registered',
  'api.deployed',
  'consumer.registered',
  'token.issued',
  'signing-key.created',
  'token.revoked',
]

/** The log of it all: what happened, to what, by whom, and because of which event or request. */
const tellAudit = async (client: Client, begun: Date, tell: Tell): Promise<void> => {
  const from = begun.toISOString()
  const log = await allItems((cursor) => client.audit.events({ from, ...(cursor && { cursor }) }))
  expect(log.ok, 'the audit log could not be read')
  const events = log.value
  tell('\n    The audit log of it all')
  for (const { id, time, type, subject, actor, causationid, correlationid } of events) {
    const because = causationid ? `event ${causationid}` : `request ${correlationid}`
    tell(`    ${time}  ${type.padEnd(20)} ${subject.padEnd(36)}  ${id}`)
    tell(`${' '.repeat(30)}by ${actor}, because of ${because}`)
  }
  const missing = EXPECTED.filter((type) => !events.some((event) => event.type === type))
  expect(missing.length === 0, `the audit log lacks ${missing.join(', ')}`)
}
