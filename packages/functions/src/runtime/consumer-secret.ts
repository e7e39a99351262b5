import type { ConsumerState } from '@countersign/core/consumer'
import * as Consumer from '@countersign/core/consumer/module'
import { err, type Id, ok, type Result } from '@countersign/core/shared'
import type { KeyRing, RotationContext } from '@countersign/core/signing-key'
import * as SigningKey from '@countersign/core/signing-key/module'
import * as Signing from '@countersign/core/signing-key/signing'
import { type Asked, change, command } from './command.ts'
import { consumerShape, loadConsumer } from './entities.ts'
import type { HttpAnswer } from './http.ts'
import { readKeyRing } from './mint.ts'
import type { Refusal } from './problem.ts'
import { rotationIdOf } from './rotation-id.ts'
import type { Services } from './services.ts'
import { consumerView } from './views.ts'

export type SecretServices = Pick<Services, 'ledger' | 'newId' | 'randomBytes' | 'consumerKeyRings'>

type ConsumerId = Id<'consumer'>

/**
 * Gives a consumer a new key to sign with. First the key is in its ring, then the command accepts it, so that a repeated
 * call takes up what died half-way; the answer shows the key once, and again to the same `Idempotency-Key`.
 */
export const rotateConsumerSecret = async (
  services: SecretServices,
  asked: Asked,
  consumerId: ConsumerId,
  overlapSeconds: number,
): Promise<Result<HttpAnswer, Refusal>> => {
  const rotationId = rotationIdOf(asked, services.randomBytes)
  const rotated = await command(services, asked, async () => {
    const loaded = await loadConsumer(services.ledger, consumerId)
    if (!loaded.state) return err({ reason: 'consumer_not_found' })
    if (!loaded.state.selfSigning) return err({ reason: 'consumer_not_self_signing' })
    const kid = await newKey(services, loaded.state, rotationId, asked.cause.now)
    if (!kid.ok) return kid
    const facts = Consumer.rotateSecret(loaded.state, kid.value, overlapSeconds, asked.cause)
    if (!facts.ok) return err({ reason: facts.error })
    const { state, version, changes } = change(consumerShape, consumerId, loaded, facts.value, {
      cause: asked.cause,
      newId: services.newId,
    })
    return ok({ changes, answer: { status: 201, body: { ...consumerView(state), kid: kid.value }, version } })
  })
  return rotated.ok ? ok(await withSecret(services, consumerId, rotated.value)) : rotated
}

/** The consumer that was just registered, with its first key. */
export const firstSecret = async (
  services: SecretServices,
  asked: Asked,
  answer: HttpAnswer,
): Promise<Result<HttpAnswer, Refusal>> => {
  const { id } = answer.body as { readonly id: ConsumerId }
  const key = asked.idempotencyKey
  const again = { ...asked, idempotencyKey: key === undefined ? undefined : `${key}#secret` }
  return rotateConsumerSecret(services, again, id, 0)
}

/** The four steps of a rotation, over the consumer's own ring; keys that are not accepted any more leave it. */
const newKey = async (
  services: SecretServices,
  { id, selfSigning }: ConsumerState,
  rotationId: string,
  now: Date,
): Promise<Result<string, Refusal>> => {
  const accepted = new Set(
    selfSigning?.keys
      .filter(({ until }) => until === undefined || Date.parse(until) > now.getTime())
      .map(({ kid }) => kid),
  )
  const context: RotationContext = {
    store: services.consumerKeyRings(id),
    newId: services.newId,
    randomBytes: services.randomBytes,
    now,
    refreshSeconds: 0,
    algorithm: 'HS512',
    isNeeded: ({ kid }) => accepted.has(SigningKey.consumerKid(id, kid)),
  }
  const rotated = await Signing.rotate(rotationId, context)
  if (rotated.ok) return ok(SigningKey.consumerKid(id, rotated.value.kid))
  const { reason } = rotated.error
  return err(reason === 'rotation_superseded' ? { reason } : { reason: 'rotation_failed', detail: reason })
}

/** A JSON Web Key (RFC 7517), so that no library has to guess how the bytes are spelled. */
const withSecret = async (
  { consumerKeyRings }: SecretServices,
  consumerId: ConsumerId,
  answer: HttpAnswer,
): Promise<HttpAnswer> => {
  const body = answer.body as { readonly kid: string }
  const ring = await readKeyRing({ keyRing: consumerKeyRings(consumerId) })
  const secret = jwkOf(ring, consumerId, body.kid)
  return secret ? { ...answer, body: { ...body, secret } } : answer
}

const jwkOf = (ring: KeyRing, consumerId: ConsumerId, kid: string) => {
  const key = ring.keys.find((one) => SigningKey.consumerKid(consumerId, one.kid) === kid)
  return key && { kty: 'oct', kid, alg: key.algorithm, k: key.secret.reveal() }
}
