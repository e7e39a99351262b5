import * as Session from '@countersign/core/session/module'
import { err, ok, Redacted, type Result } from '@countersign/core/shared'
import * as Signing from '@countersign/core/signing-key/signing'
import { change, command, NOTHING } from '../runtime/command.ts'
import { identities } from '../runtime/connectors/identities.ts'
import { keyRing } from '../runtime/connectors/key-rings.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { settings } from '../runtime/connectors/settings.ts'
import { sessionShape } from '../runtime/entities.ts'
import { lambda } from '../runtime/lambda.ts'
import { currentSigningKey, readKeyRing } from '../runtime/mint.ts'
import { type Form, type OauthRefusal, type OauthRequest, oauthHandler } from '../runtime/oauth.ts'
import type { Services } from '../runtime/services.ts'
import { type SignedIn, signIn } from '../runtime/sign-in.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

/** RFC 8693 §2.1, and `nonce`: the one the caller had put into the ID token. */
const PARAMETERS = [
  'grant_type',
  'subject_token',
  'subject_token_type',
  'requested_token_type',
  'audience',
  'resource',
  'scope',
  'nonce',
] as const

type Needs = Pick<Services, 'ledger' | 'keyRing' | 'identities' | 'settings' | 'newId' | 'clock' | 'log'>

/** RFC 8693: the ID token of a person who signed in elsewhere comes in, a session token goes out. */
export const make = (services: Needs) =>
  oauthHandler(PARAMETERS, services, async ({ form, cause }) => {
    const subject = subjectTokenIn(form, services.settings.issuer)
    if (!subject.ok) return subject
    const signedIn = await signIn(services, subject.value, form.get('nonce'), cause.now)
    return signedIn.ok ? startSession(services, signedIn.value, cause) : signedIn
  })

const refuse = (error: OauthRefusal['error'], code: string, detail: string) => err({ error, code, detail })

const subjectTokenIn = (form: Form, issuer: string): Result<Redacted<string>, OauthRefusal> => {
  const type = form.get('grant_type')
  if (type === undefined) return refuse('invalid_request', 'parameter_missing', 'grant_type is missing')
  if (type !== GRANT)
    return refuse('unsupported_grant_type', 'grant_type_unsupported', `the only one is ${GRANT}`)
  const token = form.get('subject_token')
  if (token === undefined) return refuse('invalid_request', 'parameter_missing', 'subject_token is missing')
  if (form.get('subject_token_type') !== ID_TOKEN)
    return refuse('invalid_request', 'subject_token_type_unsupported', `the only one is ${ID_TOKEN}`)
  if ((form.get('requested_token_type') ?? ACCESS_TOKEN) !== ACCESS_TOKEN)
    return refuse('invalid_request', 'requested_token_type_unsupported', `the only one is ${ACCESS_TOKEN}`)
  if ((form.get('audience') ?? issuer) !== issuer || form.has('resource'))
    return refuse('invalid_target', 'target_unknown', `a session is for ${issuer}, and for no API by name`)
  if (form.has('scope'))
    return refuse('invalid_scope', 'scope_unsupported', 'what a session opens is said by access rules')
  return ok(new Redacted(token))
}

/** The row that the authorizer reads is written in the transaction: the token is good as soon as it is shown. */
const startSession = async (
  services: Needs,
  { provider, person, groups }: SignedIn,
  { correlationId, now }: OauthRequest['cause'],
): Promise<Result<object, OauthRefusal>> => {
  const ring = await readKeyRing(services)
  const key = currentSigningKey(ring, now)
  if (!key.ok) return refuse('temporarily_unavailable', 'key_ring_empty', 'there is no signing key yet')
  const subject = Session.subjectOf(provider, person)
  const cause = { actor: subject, correlationId, now }
  const sessionId = services.newId('session')
  const facts = Session.start(
    {
      ...{ sessionId, provider: provider.name, subject, email: person.email, groups },
      kid: key.value.kid,
      lifeSeconds: services.identities.configuration().sessionSeconds,
    },
    cause,
  )
  const { state, changes } = change(sessionShape, sessionId, NOTHING, facts, { ...services, cause })
  const asked = { cause, idempotencyKey: undefined, fingerprint: '' }
  const saved = await command(services, asked, async () =>
    ok({ changes, answer: { status: 200, body: undefined } }),
  )
  if (!saved.ok) throw new Error(`a session could not be kept: ${saved.error.reason}`)
  const claims = Session.claimsOf(state, services.settings.issuer)
  const signed = await Signing.signJws(key.value, 'at+jwt', claims)
  return ok({
    access_token: signed.reveal(),
    issued_token_type: ACCESS_TOKEN,
    token_type: 'Bearer',
    expires_in: claims.exp - claims.iat,
    session_id: sessionId,
    subject,
    email: person.email,
    groups,
  })
}

export const handler = lambda(make, { identities, keyRing, ledger, settings })
