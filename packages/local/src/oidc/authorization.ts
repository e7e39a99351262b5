import { err, ok, type Result } from '@countersign/core/shared'
import type { GatewayRequest, GatewayResponse } from '../gateway/message.ts'
import type { Codes } from './codes.ts'
import { errorPage, loginPage } from './page.ts'
import { type Parameters, parametersIn } from './parameters.ts'
import type { PeopleFile } from './people.ts'

export interface Client {
  readonly id: string
  readonly redirectUris: readonly string[]
}

export interface AuthorizationContext {
  readonly people: PeopleFile
  readonly clients: readonly Client[]
  readonly codes: Codes
  readonly clock: () => Date
  readonly issuer: () => string
}

/** A request that may be agreed to. */
interface Wanted {
  readonly clientId: string
  readonly redirectUri: URL
  readonly challenge: string
  readonly nonce: string | undefined
  readonly state: string | undefined
}

/** The page that asks who it is; a request that is none is answered where it came from, when that can be trusted. */
export const authorizationPage = (
  context: AuthorizationContext,
  { query }: GatewayRequest,
): GatewayResponse => {
  const parameters = parametersIn(query)
  if (!parameters) return errorPage('The request names a parameter twice, or is not percent-encoded.')
  const wanted = wantedIn(context, parameters)
  if (!wanted.ok) return wanted.error
  const { people } = context
  const { clientId, redirectUri } = wanted.value
  return loginPage({
    people: people.read(),
    clientId,
    destination: redirectUri.origin,
    request: parameters,
    file: people.file,
  })
}

/** Somebody chose who they are: a code goes to the client. */
export const agree = (context: AuthorizationContext, request: GatewayRequest): GatewayResponse => {
  const origin = request.headers.find(([name]) => name.toLowerCase() === 'origin')?.[1]
  if (origin !== undefined && origin !== 'null' && origin !== context.issuer())
    return errorPage('The form was sent by another site.')
  const parameters = parametersIn(request.body.toString())
  if (!parameters) return errorPage('The form is malformed.')
  const wanted = wantedIn(context, parameters)
  if (!wanted.ok) return wanted.error
  const person = context.people.read().find(({ id }) => id === parameters.get('person'))
  if (!person) return errorPage('There is no such person.')
  if (person.suspended) return backTo(context, wanted.value, { error: 'access_denied' })
  const { clientId, redirectUri, challenge, nonce } = wanted.value
  const agreed = { clientId, redirectUri: redirectUri.href, challenge, nonce, personId: person.id }
  return backTo(context, wanted.value, { code: context.codes.issue(agreed, context.clock().getTime()) })
}

/** An unknown client, or an address it did not register, is never redirected to (RFC 6749 §4.1.2.1). */
const wantedIn = (context: AuthorizationContext, given: Parameters): Result<Wanted, GatewayResponse> => {
  const client = context.clients.find(({ id }) => id === given.get('client_id'))
  if (!client) return err(errorPage('The client is not known.'))
  const redirectUri = redirectOf(client, given.get('redirect_uri'))
  if (!redirectUri) return err(errorPage('The redirect URI is not one that the client registered.'))
  const challenge = given.get('code_challenge') ?? ''
  const answer = { redirectUri, state: given.get('state') }
  const refuse = (error: string, why: string) =>
    err(backTo(context, answer, { error, error_description: why }))
  if (given.get('response_type') !== 'code') return refuse('unsupported_response_type', 'only code')
  if (given.get('code_challenge_method') !== 'S256' || !/^[A-Za-z0-9_-]{43}$/.test(challenge))
    return refuse('invalid_request', 'PKCE with S256 is required')
  if (!(given.get('scope') ?? '').split(' ').includes('openid'))
    return refuse('invalid_scope', 'openid is required')
  return ok({ clientId: client.id, ...answer, challenge, nonce: given.get('nonce') })
}

/** Compared as text, except for the port of a loopback address, which the client takes as it comes (RFC 8252 §7.3). */
const redirectOf = ({ redirectUris }: Client, asked = ''): URL | undefined => {
  const url = URL.parse(asked)
  if (!url || url.href !== asked) return undefined
  const isLoopback = url.protocol === 'http:' && url.hostname === '127.0.0.1'
  const registered = isLoopback ? asked.replace(`http://${url.host}`, 'http://127.0.0.1') : asked
  return redirectUris.includes(registered) ? url : undefined
}

/** RFC 9207: the answer says whose it is. */
const backTo = (
  { issuer }: AuthorizationContext,
  { redirectUri, state }: Pick<Wanted, 'redirectUri' | 'state'>,
  answer: Readonly<Record<string, string>>,
): GatewayResponse => {
  const url = new URL(redirectUri)
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value)
  if (state !== undefined) url.searchParams.set('state', state)
  url.searchParams.set('iss', issuer())
  const headers = { location: url.href, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }
  return { status: 303, headers, body: '' }
}
