import { randomBytes } from 'node:crypto'
import { epochSeconds } from '@countersign/core/shared'
import type { GatewayRequest, GatewayResponse } from '../gateway/message.ts'
import type { AuthorizationContext } from './authorization.ts'
import { type Agreed, isVerifierOf } from './codes.ts'
import { type IdTokenKey, signIdToken } from './id-tokens.ts'
import { type Parameters, parametersIn } from './parameters.ts'
import type { LocalPerson } from './people.ts'

const ID_TOKEN_SECONDS = 600

/** RFC 6749 §4.1.3 with RFC 7636: a code for an ID token, once. */
export const tokenAnswer = async (
  context: AuthorizationContext & { readonly key: () => Promise<IdTokenKey> },
  { body }: GatewayRequest,
): Promise<GatewayResponse> => {
  const given = parametersIn(body.toString())
  if (!given) return refuse('invalid_request')
  if (given.get('grant_type') !== 'authorization_code') return refuse('unsupported_grant_type')
  const now = context.clock()
  const agreed = context.codes.spend(given.get('code') ?? '', now.getTime())
  if (!agreed || !isFor(agreed, given)) return refuse('invalid_grant')
  const person = context.people.read().find(({ id }) => id === agreed.personId)
  if (!person || person.suspended) return refuse('invalid_grant')
  const claims = claimsOf(person, agreed, context.issuer(), epochSeconds(now))
  return json(200, {
    access_token: randomBytes(32).toString('base64url'), // good for nothing here; clients expect one
    token_type: 'Bearer',
    expires_in: ID_TOKEN_SECONDS,
    id_token: signIdToken(await context.key(), claims),
  })
}

const isFor = ({ clientId, redirectUri, challenge }: Agreed, given: Parameters): boolean =>
  given.get('client_id') === clientId &&
  given.get('redirect_uri') === redirectUri &&
  isVerifierOf(given.get('code_verifier') ?? '', challenge)

/** As Google fills an ID token. */
const claimsOf = (
  { id, name, email }: LocalPerson,
  { clientId, nonce }: Agreed,
  issuer: string,
  now: number,
) => ({
  iss: issuer,
  aud: clientId,
  azp: clientId,
  sub: id,
  email,
  email_verified: true,
  hd: email.slice(email.lastIndexOf('@') + 1).toLowerCase(),
  name,
  ...(nonce !== undefined && { nonce }),
  iat: now,
  auth_time: now,
  exp: now + ID_TOKEN_SECONDS,
})

const json = (status: number, body: object): GatewayResponse => ({
  status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' },
  body: JSON.stringify(body),
})

const refuse = (error: string): GatewayResponse => json(400, { error })
