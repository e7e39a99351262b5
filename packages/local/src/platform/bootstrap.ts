import { Consumer } from '@countersign/core/consumer'
import type { Cause } from '@countersign/core/events'
import type { Api } from '@countersign/core/registry'
import { formatRoute, type ProtectedRoute, type Redacted, type Result } from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import { Token } from '@countersign/core/token'
import { change, NOTHING } from '@countersign/functions/runtime/command'
import {
  consumerShape,
  findApi,
  loadConsumer,
  loadToken,
  tokenShape,
} from '@countersign/functions/runtime/entities'
import { issueCommand } from '@countersign/functions/runtime/issuing'
import { recordKeyFacts } from '@countersign/functions/runtime/key-log'
import { currentSigningKey, mint, readKeyRing } from '@countersign/functions/runtime/mint'
import { deployApi, registerRoutes } from '@countersign/functions/runtime/registration'
import { rotateNow } from '@countersign/functions/runtime/rotating'
import type { Services } from '@countersign/functions/runtime/services'
import { PLATFORM_COORDINATES, topologyRoutes } from '../server/platform-api.ts'
import { readTokenId, writeCredential } from './credential-file.ts'

/** The platform's own API is registered like any other, and its operator holds a token like any other. */
const OWN_API = 'countersign'
const OWN_ENVIRONMENT = 'local'
const OPERATOR_CLAIM = 'operator'

/** The operator's token is renewed at a start that finds less of its life left than this. */
const RENEW_MILLISECONDS = 14 * 86_400_000

/** A first key and its log, the platform's own API, and the operator's credential in `credentialFile`; what is there already stays. */
export const bootstrap = async (services: Services, credentialFile: string): Promise<void> => {
  const cause: Cause = { actor: 'bootstrap', correlationId: services.newId('event'), now: services.clock() }
  await ensureKey(services, cause)
  await ensureOwnApi(services, cause)
  const operator = await ensureOperator(services, cause)
  if (!(await credentialIsGood(services, credentialFile, operator)))
    writeCredential(credentialFile, await issueCredential(services, operator, cause))
}

const asked = (cause: Cause) => ({ cause, idempotencyKey: undefined, fingerprint: '', ifMatch: undefined })

const expected = <T, E extends { readonly reason: string }>(result: Result<T, E>, failure: string): T => {
  if (!result.ok) throw new Error(`${failure}: ${result.error.reason}`)
  return result.value
}

const ensureKey = async (services: Services, cause: Cause): Promise<void> => {
  const key = SigningKey.signingKey(await readKeyRing(services), cause.now)
  // A rotation that died between ring and log left a key that the log does not have yet.
  if (key) await recordKeyFacts(services, cause)
  else
    expected(await rotateNow(services, cause.correlationId, cause), 'the first signing key could not be made')
}

const ownRoutes: readonly ProtectedRoute[] = topologyRoutes.map(({ method, path, authorization }) => ({
  method,
  path,
  authorization,
}))

const tokenRoutes = ownRoutes.filter(({ authorization }) => authorization === 'token').map(formatRoute)

const ensureOwnApi = async (services: Services, cause: Cause): Promise<void> => {
  const publishedAt = cause.now.toISOString()
  const described = { name: OWN_API, owner: 'platform', description: 'The platform itself', publishedAt }
  const registered = await registerRoutes(services, asked(cause), { ...described, routes: ownRoutes })
  expected(registered, 'the platform could not register its own API')
  const placement = {
    environment: OWN_ENVIRONMENT,
    coordinates: PLATFORM_COORDINATES,
    authorizerCacheTtlSeconds: 0,
  }
  const deployed = await deployApi(services, asked(cause), OWN_API, placement)
  expected(deployed, 'the platform could not deploy its own API')
}

/** The consumer that holds the operator's token; a suspended one is succeeded, so that nobody is locked out for good. */
const ensureOperator = async (services: Services, cause: Cause): Promise<string> => {
  const { owner, generation } = await services.ledger.claim(OPERATOR_CLAIM)
  if (owner !== undefined) {
    if ((await loadConsumer(services.ledger, owner)).state?.status === 'active') return owner
    const release = { name: OPERATOR_CLAIM, owner: undefined, expectedGeneration: generation }
    await services.ledger.commit({ entities: [], claims: [release] })
  }
  const id = services.newId('consumer')
  const facts = Consumer.register(id, {
    name: 'Operator of this machine',
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
const credentialIsGood = async (services: Services, file: string, operator: string): Promise<boolean> => {
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
  services: Services,
  operator: string,
  cause: Cause,
): Promise<Redacted<string>> => {
  const ring = await readKeyRing(services)
  const key = expected(currentSigningKey(ring, cause.now), 'there is no key to sign the credential with')
  const request = {
    consumer: operator,
    grants: [{ api: OWN_API, environment: OWN_ENVIRONMENT, routes: tokenRoutes }],
    reason: 'credential of the operator of this machine',
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
