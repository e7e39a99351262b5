import type { Member } from '../support/google-directory.ts'
import { idTokenOf } from '../support/sign-in.ts'
import { type Called, callUrl, type SignInWorld } from '../support/world.ts'

export const HOUSING = '03dy6vkm2mjx8zd'
export const REPAIRERS = '01ksv4uv0abcdef'

export const ADA: Member = { id: '1001', primaryEmail: 'ada@example.org', groups: [HOUSING, '00other'] }
export const GRACE: Member = { id: '1002', primaryEmail: 'grace@example.org', groups: [REPAIRERS] }

const responses = { 200: { description: 'done' } }
const protectedBy = (authorization: string | readonly string[]) => ({
  get: { 'x-countersign-authorization': authorization, responses },
})

/** Three routes: for groups, for tokens and groups, for tokens alone. */
export const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'tenancies', version: '1' },
  paths: {
    '/api/v1/tenancies': protectedBy('group'),
    '/api/v1/tenancies/{id}': protectedBy(['token', 'group']),
    '/api/v1/tenancies/{id}/payments': protectedBy('token'),
  },
}

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'

export type Answer = { readonly status: number; readonly headers: Called['headers']; readonly body: Json }
type Json = Readonly<Record<string, unknown>>

const FORM = ['content-type', 'application/x-www-form-urlencoded'] as const

/** One form to an OAuth endpoint of the platform, as text or name by name. */
export const post = async (
  { api }: Pick<SignInWorld, 'api'>,
  path: string,
  form: string | Readonly<Record<string, string>>,
  rawHeaders: readonly string[] = FORM,
  token?: string,
): Promise<Answer> => {
  const base = new URL(api)
  const body = typeof form === 'string' ? form : new URLSearchParams(form).toString()
  const request = { method: 'POST', path: `${base.pathname.replace(/\/$/, '')}${path}`, rawHeaders }
  const called = await callUrl(base.origin, { ...request, ...(token !== undefined && { token }) }, body)
  return { status: called.status, headers: called.headers, body: JSON.parse(called.body) as Json }
}

export const exchange = (
  world: Pick<SignInWorld, 'api'>,
  subject_token: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  post(world, '/oauth/token', {
    ...{ grant_type: TOKEN_EXCHANGE, subject_token_type: ID_TOKEN, subject_token },
    ...more,
  })

export interface HeldSession {
  readonly id: string
  readonly token: string
}

/** A session of somebody the directory knows. */
export const signedIn = async (world: SignInWorld, member: Member): Promise<HeldSession> => {
  world.signIn.directory.members.set(member.id, member)
  const { status, body } = await exchange(world, await idTokenOf(world.signIn, member))
  if (status !== 200) throw new Error(`nobody signed in: ${JSON.stringify(body)}`)
  return { id: String(body.session_id), token: String(body.access_token) }
}
