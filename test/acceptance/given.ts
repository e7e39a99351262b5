import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AuditEvent, allItems, type Client, createClient, type OctetKey } from '@countersign/client'
import { Redacted } from '@countersign/client/redacted'
import { importJWK, SignJWT } from 'jose'
import { type AnyWorld, done, startWorld, type World, type WorldOptions } from '../support/world.ts'

export const ROOT = join(import.meta.dirname, '../..')

export const example = (name: string): string => readFileSync(join(ROOT, 'examples', `${name}.yaml`), 'utf8')

/** The base case of the systems before this one: account, gateway and stage of the API "tenancies". */
export const TENANCIES = {
  accountId: '111111111111',
  region: 'eu-west-2',
  gatewayId: 'abc123',
  stage: 'staging',
}
export const REPAIRS = { ...TENANCIES, gatewayId: 'def456' }

export const SHOW = 'GET /api/v1/tenancies/{id}'
export const LIST = 'GET /api/v1/tenancies'
export const TENANCY = '/abc123/staging/api/v1/tenancies/7'
export const TENANCY_LIST = '/abc123/staging/api/v1/tenancies'

export interface Deploying {
  readonly document?: unknown
  readonly at?: typeof TENANCIES
  readonly environment?: string
  readonly cacheSeconds?: number
}

/** Publishes an example (or the document given) and says where it lives. */
export const publish = async (
  client: Client,
  name: string,
  { document, at = TENANCIES, environment = 'staging', cacheSeconds = 0 }: Deploying = {},
) => {
  done(await client.apis.publish(name, { owner: 'housing', openapi: document ?? example(name) }))
  const deployment = { ...at, authorizerCacheTtlSeconds: cacheSeconds }
  return done(await client.apis.deploy(name, environment, deployment))
}

export const consumer = async (client: Client, name = 'Repairs service') =>
  done(await client.consumers.register({ name, type: 'service', owner: 'repairs' }))

/** A consumer that signs its own tokens, and the key it was given. */
export const selfSigning = async ({ client }: AnyWorld, name = 'Media partner'): Promise<Signer> => {
  const body = { name, type: 'partner', owner: 'media', selfSigning: {} } as const
  const registered = done(await client.consumers.register(body))
  if (!registered.secret) throw new Error('no key was handed out')
  return { id: registered.id, secret: registered.secret }
}

export interface Signer {
  readonly id: string
  readonly secret: OctetKey
}

/** What a consumer does with a JOSE library and the key it was given, and nothing of ours; five minutes from now. */
export const signAs = async ({ id, secret }: Signer, claims: Readonly<Record<string, unknown>> = {}) => {
  const iat = Math.floor(Date.now() / 1_000)
  const payload = { iss: id, jti: 'first', iat, exp: iat + 300, ...claims }
  return new SignJWT(JSON.parse(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'HS512', typ: 'JWT', kid: secret.kid })
    .sign(await importJWK({ ...secret }))
}

export interface Issuing {
  readonly api?: string
  readonly environment?: string
  readonly routes?: readonly string[]
  readonly holder?: string
  readonly expiresIn?: string
}

export interface Held {
  readonly id: string
  readonly secret: string
  readonly consumer: string
}

/** A token that works by the time it is returned. */
export const issue = async (world: AnyWorld, issuing: Issuing = {}): Promise<Held> => {
  const { api = 'tenancies', environment = 'staging', routes = [SHOW], expiresIn = '1d' } = issuing
  const holder = issuing.holder ?? (await consumer(world.client)).id
  const grants = [{ api, environment, routes }]
  const issued = done(await world.client.tokens.issue({ consumer: holder, grants, expiresIn }))
  if (issued.token === undefined) throw new Error('the token waits for approval')
  await world.settled()
  return { id: issued.id, secret: issued.token, consumer: holder }
}

export interface Tenancies extends World {
  /** Opens `GET /api/v1/tenancies/{id}` in staging. */
  readonly token: Held
}

/** A world in which "tenancies" and "repairs" are published and a token opens one route of the first. */
export const tenancies = async (
  options: WorldOptions & { readonly cacheSeconds?: number } = {},
): Promise<Tenancies> => {
  const { cacheSeconds = 0, ...rest } = options
  const world = await startWorld(rest)
  await publish(world.client, 'tenancies', { cacheSeconds })
  await publish(world.client, 'repairs', { at: REPAIRS, cacheSeconds })
  return { ...world, token: await issue(world) }
}

/** The platform's HTTP API under another credential than the operator's. */
export const clientOf = ({ api }: AnyWorld, credential: string): Client =>
  createClient({ endpoint: api, credential: new Redacted(credential) })

/** Another person who may call every route of the platform that `routes` names. */
export const secondOperator = async (world: AnyWorld, routes: readonly string[]): Promise<Held> => {
  const { id } = await consumer(world.client, 'Second operator')
  const [own] = done(await world.client.apis.show('countersign')).deployments
  return issue(world, { api: 'countersign', environment: own?.environment ?? 'local', routes, holder: id })
}

export const auditLog = async (client: Client, query: object = {}): Promise<readonly AuditEvent[]> => {
  const log = await allItems((cursor) =>
    client.audit.events({ ...query, limit: 100, ...(cursor && { cursor }) }),
  )
  if (!log.ok) throw new Error('the audit log could not be read')
  return log.value
}
