import * as Consumer from '@countersign/core/consumer/module'
import type { Cause } from '@countersign/core/events'
import type { Api } from '@countersign/core/registry'
import {
  type Coordinates,
  formatRoute,
  type Method,
  type ProtectedRoute,
  Redacted,
  type Result,
  type RootSecretStore,
} from '@countersign/core/shared'
import * as SigningKey from '@countersign/core/signing-key/module'
import * as Token from '@countersign/core/token/module'
import * as Webhooks from '@countersign/core/webhook/module'
import { routes } from '@countersign/topology'
import { change, NOTHING } from './command.ts'
import { readTokenId, writeCredential } from './credential-file.ts'
import { consumerShape, findApi, loadConsumer, loadToken, tokenShape } from './entities.ts'
import { issueCommand } from './issuing.ts'
import { recordKeyFacts } from './key-log.ts'
import { currentSigningKey, mint, readKeyRing } from './mint.ts'
import { deployApi, OWN_API, registerRoutes } from './registration.ts'
import { ridOfCompromised } from './ridding.ts'
import { rotateNow } from './rotating.ts'
import { ensureSealKey, recordSealKeys } from './seal-keys.ts'
import type { Services } from './services.ts'

/** The operator holds a token like any other. */
const OPERATOR_CLAIM = 'operator'

/** The operator's token is renewed at a start that finds less of its life left than this. */
const RENEW_MILLISECONDS = 14 * 86_400_000

type BootstrapServices = Omit<
  Services,
  'publisher' | 'pipeline' | 'accessRows' | 'gatewayKeys' | 'webhookDeliveries' | 'webhookReceivers'
>

/** One installation of the platform. */
export interface Installation {
  /** Where its own API lives. */
  readonly coordinates: Coordinates
  /** Of its own API. */
  readonly environment: string
  /** Name of the consumer that holds the first credential. */
  readonly operator: string
  readonly credentialFile: string
}

/** A first key and its log, the platform's own API, and the operator's credential in `credentialFile`; what is there already stays. */
export const bootstrap = async (services: BootstrapServices, installation: Installation): Promise<void> => {
  const cause: Cause = { actor: 'bootstrap', correlationId: services.newId('event'), now: services.clock() }
  await ensureKey(services, cause)
  for (const store of [services.apiKeySecret, services.webhookSecret]) await ensureRootSecret(store, services)
  await ensureSealKey(services)
  await recordSealKeys(services, cause)
  await ensureOwnApi(services, installation, cause)
  const operator = await ensureOperator(services, installation, cause)
  const { environment, credentialFile } = installation
  if (await credentialIsGood(services, credentialFile, operator)) return
  writeCredential(credentialFile, await issueCredential(services, { environment, operator }, cause))
}

const asked = (cause: Cause) => ({ cause, idempotencyKey: undefined, fingerprint: '', ifMatch: undefined })

const expected = <T, E extends { readonly reason: string }>(result: Result<T, E>, failure: string): T => {
  if (!result.ok) throw new Error(`${failure}: ${result.error.reason}`)
  return result.value
}

const ensureKey = async (services: BootstrapServices, cause: Cause): Promise<void> => {
  const hasKey = async () => {
    const ring = await readKeyRing(services)
    return SigningKey.signingKey(ring, services.clock()) !== undefined
  }
  // A rotation that died between ring and log left a key that the log does not have yet.
  if (await hasKey()) {
    await ridOfCompromised(services, cause)
    await recordKeyFacts(services, cause)
    return
  }
  const rotated = await rotateNow(services, cause.correlationId, cause)
  // Secrets Manager may have made the first key at the same time: then that one is the first.
  if (!rotated.ok && !(await hasKey())) expected(rotated, 'the first signing key could not be made')
}

/** What all API keys, or the secrets of all webhooks, are derived from; of two starts at once the first one's stays. */
const ensureRootSecret = async (
  store: RootSecretStore,
  { randomBytes }: Pick<Services, 'randomBytes'>,
): Promise<void> => {
  if (await store.read()) return
  await store.create(new Redacted(Buffer.from(randomBytes(Webhooks.SECRET_BYTES)).toString('base64url')))
}

const ownRoutes: readonly ProtectedRoute[] = Object.entries(routes).map(([name, { authorization }]) => {
  const [method, path] = name.split(' ') as [Method, string]
  return { method, path, authorization }
})

const tokenRoutes = ownRoutes.filter(({ authorization }) => authorization === 'token').map(formatRoute)

const ensureOwnApi = async (
  services: BootstrapServices,
  { environment, coordinates }: Installation,
  cause: Cause,
): Promise<void> => {
  const publishedAt = cause.now.toISOString()
  const described = { name: OWN_API, owner: 'platform', description: 'The platform itself', publishedAt }
  const registered = await registerRoutes(services, asked(cause), { ...described, routes: ownRoutes })
  expected(registered, 'the platform could not register its own API')
  const placement = { environment, coordinates, authorizerCacheTtlSeconds: 0 }
  const deployed = await deployApi(services, asked(cause), OWN_API, placement)
  expected(deployed, 'the platform could not deploy its own API')
}

/** The consumer that holds the operator's token; a suspended one is succeeded, so that nobody is locked out for good. */
const ensureOperator = async (
  services: BootstrapServices,
  { operator }: Installation,
  cause: Cause,
): Promise<string> => {
  const { owner, generation } = await services.ledger.claim(OPERATOR_CLAIM)
  if (owner !== undefined) {
    if ((await loadConsumer(services.ledger, owner)).state?.status === 'active') return owner
    const release = { name: OPERATOR_CLAIM, owner: undefined, expectedGeneration: generation }
    await services.ledger.commit({ entities: [], claims: [release] })
  }
  const id = services.newId('consumer')
  const facts = Consumer.register(id, {
    name: operator,
    type: 'person',
    owner: 'platform',
  })
  const { changes } = change(consumerShape, id, NOTHING, facts, { cause, newId: services.newId })
  const claims = [{ name: OPERATOR_CLAIM, owner: id, expectedGeneration: generation }]
  expected(
    await services.ledger.commit({ entities: changes, claims }),
    'the operator could not be registered',
  )
  return id
}

/** Still active for a while, the operator's, under a key of the ring, and opening every route there is today. */
const credentialIsGood = async (
  services: BootstrapServices,
  file: string,
  operator: string,
): Promise<boolean> => {
  const id = readTokenId(file)
  const token = id === undefined ? undefined : (await loadToken(services.ledger, id)).state
  if (token?.status !== 'active' || token.consumerId !== operator) return false
  const left = Date.parse(token.expiresAt) - services.clock().getTime()
  const verifies = (await readKeyRing(services)).keys.some(({ kid }) => kid === token.kid)
  const api = await findApi(services.ledger, OWN_API)
  return left > RENEW_MILLISECONDS && verifies && opensAll(token, api?.state)
}

const opensAll = (token: Token.Token, api: Api | undefined): boolean => {
  const own = token.grants.filter(({ apiId }) => apiId === api?.id)
  const granted = new Set(own.flatMap(({ routes }) => routes.map(formatRoute)))
  return tokenRoutes.every((route) => granted.has(route))
}

const issueCredential = async (
  services: BootstrapServices,
  { environment, operator }: { readonly environment: string; readonly operator: string },
  cause: Cause,
): Promise<Redacted<string>> => {
  const ring = await readKeyRing(services)
  const key = expected(currentSigningKey(ring, cause.now), 'there is no key to sign the credential with')
  const request = {
    consumer: operator,
    grants: [{ api: OWN_API, environment, routes: tokenRoutes }],
    reason: 'first credential of the operator',
  }
  const failure = 'the credential could not be issued'
  const wanted = expected(await issueCommand(services, request, cause.now), failure)
  const facts = Token.issue(wanted, key.kid, cause)
  const { state, changes } = change(tokenShape, wanted.tokenId, NOTHING, facts, {
    cause,
    newId: services.newId,
  })
  expected(await services.ledger.commit({ entities: changes }), failure)
  if (!Token.isIssued(state)) throw new Error(failure)
  return mint(state, ring, services.settings.issuer)
}
