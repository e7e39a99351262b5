import { randomUUID } from 'node:crypto'
import type { OctetKey } from '@countersign/client'
import { body, eventually } from '../outcome.ts'
import { expect, type Step } from '../tell.ts'
import { API, bearer, type Caller, ENVIRONMENT, get } from './calling.ts'
import type { TourScene } from './scene.ts'
import { signInAs } from './sign-in.ts'
import { signToken } from './sign-token.ts'

/** What services are given: by a token of either kind. */
export const GRANTS = [
  { api: API, environment: ENVIRONMENT, routes: ['GET /tenancies/{id}', 'GET /repairs/{id}'] },
] as const

const grants = () => GRANTS.map(({ routes, ...grant }) => ({ ...grant, routes: [...routes] }))

/** What gives access travels as an event; it may take a moment. */
const opens = (scene: TourScene, path: string, caller: Caller) =>
  eventually(
    async () => ((await get(scene, path, caller)).status === 200 ? true : undefined),
    `GET ${path} was never answered with 200`,
  )

export interface Issued {
  readonly id: string
  readonly kid: string
  readonly token: string
}

export const issueToken = async (scene: TourScene): Promise<Step<Issued>> => {
  const { client } = scene
  const who = { name: 'Repairs service', type: 'service', owner: 'repairs@example.org' } as const
  const { id: consumer } = body(await client.consumers.register(who), 'the consumer was not registered')
  const asked = { consumer, grants: grants(), expiresIn: '30d' }
  const { id, kid, token } = body(await client.tokens.issue(asked), 'no token was issued')
  expect(token !== undefined && typeof kid === 'string', 'the answer holds no token')
  await opens(scene, '/tenancies/7', bearer(token))
  return { said: `Token issued: ${id}, with ${kid.slice(0, 12)}…`, value: { id, kid, token } }
}

/** A consumer with a key of its own. */
export interface Signer {
  readonly id: string
  readonly secret: OctetKey
}

export const registerSigner = async (scene: TourScene): Promise<Step<Signer>> => {
  const { consumers } = scene.client
  const wanted = {
    name: 'Media partner',
    type: 'partner',
    owner: 'media@example.org',
    selfSigning: {},
  } as const
  const { id, secret } = body(await consumers.register(wanted), 'the consumer was not registered')
  expect(secret !== undefined, 'no key was handed out')
  body(await consumers.changeGrants(id, grants()), 'the consumer was given nothing')
  const signer = { id, secret }
  await opens(scene, '/tenancies/7', bearer(signedBy(signer)))
  return {
    said: `Consumer registered, which signs its own tokens with ${secret.kid.slice(0, 24)}…`,
    value: signer,
  }
}

/** Five minutes, unless the claims say otherwise. */
export const signedBy = ({ id, secret }: Signer, claims: Readonly<Record<string, unknown>> = {}): string => {
  const iat = Math.floor(Date.now() / 1_000)
  return signToken(secret, { iss: id, jti: randomUUID(), iat, exp: iat + 300, ...claims })
}

export const signIn = async (scene: TourScene, person: string): Promise<Step<string>> => {
  const { idToken, nonce } = await signInAs(person, scene.issuer)
  const exchanged = await scene.client.oauth.exchange(idToken, nonce)
  const { email, groups, access_token } = body(exchanged, `${person} was not let in`)
  const member = groups.length > 0 ? `a member of ${groups.join(', ')}` : 'a member of nothing'
  return { said: `Signed in: ${email}, ${member}`, value: access_token }
}

/** A key in a plan of its own; three requests a day where it is limited. */
export const createKey = async (scene: TourScene, plan: string, limit?: number): Promise<Step<string>> => {
  const { client } = scene
  const limits = limit === undefined ? {} : { quota: { limit, period: 'day' as const } }
  const wanted = { api: API, environment: ENVIRONMENT, ...limits }
  body(await client.usagePlans.put(plan, wanted), 'the usage plan was not made')
  const who = { name: `Holder of a ${plan} key`, type: 'service', owner: 'reports@example.org' } as const
  const { id } = body(await client.consumers.register(who), 'the consumer was not registered')
  const { key } = body(await client.apiKeys.create({ consumer: id, plans: [plan] }), 'no key was made')
  expect(key !== undefined, 'the answer holds no key')
  const allowed = limit === undefined ? 'as often as it likes' : `${limit} times a day`
  return { said: `API key created in the plan "${plan}": ${allowed}`, value: key }
}

/** Opens what an API key opens, when it has reached the gateway; asking counts against its quota, once. */
export const keyArrives = async (scene: TourScene, caller: Caller): Promise<Step<void>> => {
  await opens(scene, '/reports', caller)
  return { said: '200 GET /reports: with the key', value: undefined }
}
