import { createHmac, randomUUID } from 'node:crypto'
import type { MemoryPlatform } from './memory-platform.ts'
import { signInForm } from './test-people.ts'

/** A session of a test: `value` goes into the header `Authorization: Bearer …`. */
export interface TestSession {
  readonly id: string
  readonly value: string
  readonly subject: string
}

export interface TestSessionOptions {
  /** Ids of groups, as access rules name them; none unless given. */
  readonly groups?: readonly string[]
  /** Who it is: letters, digits, `.`, `_` and `-`; their address is `NAME@example.test`. */
  readonly name?: string
}

/** What the members of a group open. */
export interface TestRule {
  readonly group: string
  /** `GET /tenancies/{id}` */
  readonly routes: readonly string[]
}

/** A consumer that signs its own tokens. */
export interface TestSigner {
  readonly consumer: string
  /** A token, good for five minutes unless the claims say otherwise; `undefined` leaves a claim out. */
  sign(claims?: Readonly<Record<string, unknown>>): string
}

export interface TestCallers {
  /** Says what groups open: these rules and no others. */
  accessRules(rules: readonly TestRule[]): Promise<void>
  /** Somebody signs in; good for an hour. */
  session(options?: TestSessionOptions): Promise<TestSession>
  signOut(session: TestSession): Promise<void>
  /** Registers a consumer that signs its own tokens, for these routes; every route that takes tokens unless given. */
  signer(options?: { readonly routes?: readonly string[] }): Promise<TestSigner>
}

const TOKEN_SECONDS = 300

export const callersOf = (
  { ask, services }: MemoryPlatform,
  {
    api,
    environment,
    open,
  }: { readonly api: string; readonly environment: string; readonly open: readonly string[] },
): TestCallers => ({
  accessRules: async (rules) => {
    await ask('PUT', `/apis/${api}/access-rules/${environment}`, { rules })
  },
  session: async ({ groups = [], name = 'somebody' } = {}) => {
    const form = signInForm({ name, groups }, services.clock())
    const told = (await ask('POST', '/oauth/token', form)) as SignedIn
    return { id: told.session_id, value: told.access_token, subject: told.subject }
  },
  signOut: async ({ value }) => {
    await ask('POST', '/oauth/revoke', new URLSearchParams({ token: value }))
  },
  signer: async ({ routes = open } = {}) => {
    const wanted = { name: 'Test signer', type: 'service', owner: 'test', selfSigning: {} }
    const { id, secret } = (await ask('POST', '/consumers', wanted)) as Registered
    await ask('PUT', `/consumers/${id}/grants`, { grants: [{ api, environment, routes }] })
    const sign = (claims: Readonly<Record<string, unknown>> = {}) => {
      const iat = Math.floor(services.clock().getTime() / 1_000)
      return signed(secret, { iss: id, jti: randomUUID(), iat, exp: iat + TOKEN_SECONDS, ...claims })
    }
    return { consumer: id, sign }
  },
})

interface SignedIn {
  readonly access_token: string
  readonly session_id: string
  readonly subject: string
}

interface Registered {
  readonly id: string
  readonly secret: Secret
}

interface Secret {
  readonly kid: string
  readonly k: string
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const signed = ({ kid, k }: Secret, claims: object): string => {
  const content = `${part({ alg: 'HS512', typ: 'JWT', kid })}.${part(claims)}`
  return `${content}.${createHmac('sha512', Buffer.from(k, 'base64url')).update(content).digest('base64url')}`
}
