import type * as A from './audit-shapes.ts'
import type * as D from './decision-shapes.ts'
import type * as O from './oauth-shapes.ts'
import type * as S from './shapes.ts'
import type * as T from './token-shapes.ts'
import type { TransportOptions } from './transport.ts'
import {
  type Call,
  type OpenStream,
  type Query,
  type RequestOptions,
  type Send,
  type StreamOptions,
  streaming,
  transport,
} from './transport.ts'
import type * as U from './usage-shapes.ts'
import type * as W from './webhook-shapes.ts'

export type ClientOptions = TransportOptions
export type Client = ReturnType<typeof createClient>

/** The platform's HTTP API, one method per route. Throws a TypeError when the endpoint or the credential is none. */
export const createClient = (options: ClientOptions) => {
  const send = transport(options)
  const open = streaming(options)
  return {
    consumers: consumersOf(send),
    apis: apisOf(send),
    tokens: tokensOf(send),
    revocations: revocationsOf(send),
    lockdowns: lockdownsOf(send),
    signingKeys: signingKeysOf(send),
    usagePlans: usagePlansOf(send),
    apiKeys: apiKeysOf(send),
    webhooks: webhooksOf(send),
    oauth: oauthOf(send),
    /** What would be decided now, and why; for operators. */
    decisions: {
      explain: (body: D.Explain) => post<D.Explanation>(send, '/decisions/explanation', {}, body),
    },
    audit: auditOf(send, open),
    pipeline: pipelineOf(send),
    health: { show: () => get<Readonly<Record<string, unknown>>>(send, '/health') },
  }
}

const get = <Body>(send: Send, path: string, query: object = {}) =>
  send<Body>({ method: 'GET', path, query: query as Query })

const post = <Body>(send: Send, path: string, options: RequestOptions, body?: unknown) =>
  send<Body>({ ...options, method: 'POST', path, ...(body !== undefined && { body }) } satisfies Call)

/** A URL drops `.` and `..` even when they are encoded, so the call would reach another route. */
const at = (strings: TemplateStringsArray, ...segments: readonly string[]): string => {
  const wrong = segments.find((segment) => /^\.{0,2}$/.test(segment))
  if (wrong !== undefined) throw new TypeError(`"${wrong}" is neither a name nor an id`)
  return String.raw({ raw: strings }, ...segments.map(encodeURIComponent))
}

const consumersOf = (send: Send) => ({
  register: (body: S.RegisterConsumer, options: RequestOptions = {}) =>
    post<S.Consumer & Partial<S.ConsumerSecret>>(send, '/consumers', options, body),
  list: (query: S.Paging = {}) => get<S.Page<S.Consumer>>(send, '/consumers', query),
  show: (id: string) => get<S.Consumer>(send, at`/consumers/${id}`),
  /** What the tokens that it signs itself open: exactly this. */
  changeGrants: (id: string, grants: readonly S.GrantRequest[], { ifMatch }: Pick<Call, 'ifMatch'> = {}) =>
    send<S.Consumer>({ method: 'PUT', path: at`/consumers/${id}/grants`, body: { grants }, ifMatch }),
  approveGrants: (id: string, options: RequestOptions = {}) =>
    post<S.Consumer>(send, at`/consumers/${id}/grants/approval`, options, {}),
  /** `overlap`: how long the keys before are still accepted; 7d unless given, `0s`: not at all. */
  rotateSecret: (
    id: string,
    body: { readonly overlap?: string | undefined } = {},
    options: RequestOptions = {},
  ) => post<S.ConsumerSecret>(send, at`/consumers/${id}/secret`, options, body),
  suspend: (id: string, body: S.Note = {}, options: RequestOptions = {}) =>
    post<S.Consumer>(send, at`/consumers/${id}/suspension`, options, body),
  resume: (id: string, options: RequestOptions = {}) =>
    post<S.Consumer>(send, at`/consumers/${id}/resumption`, options, {}),
})

const revocationsOf = (send: Send) => ({
  revoke: (body: T.RevokeSet, options: RequestOptions = {}) =>
    post<T.RevokedSet>(send, '/revocations', options, body),
  count: (body: Omit<T.RevokeSet, 'token'>) =>
    post<T.CountedSet>(send, '/revocations', {}, { ...body, dryRun: true }),
})

const lockdownsOf = (send: Send) => ({
  /** Nobody is let in any more, from the next authorization on; the platform's own API is spared. */
  begin: (body: T.LockDown, options: RequestOptions = {}) =>
    post<T.Lockdown>(send, '/lockdowns', options, body),
  lift: (body: T.LockDown, options: RequestOptions = {}) =>
    post<T.Lockdown>(send, '/lockdowns/lifting', options, body),
  list: (query: S.Paging & { readonly state?: T.Lockdown['state'] | undefined } = {}) =>
    get<S.Page<T.Lockdown>>(send, '/lockdowns', query),
})

const apisOf = (send: Send) => ({
  /** Registers the API, or replaces what is registered under this name. */
  publish: (name: string, body: S.PublishApi) =>
    send<S.Api>({ method: 'PUT', path: at`/apis/${name}`, body }),
  list: (query: S.Paging = {}) => get<S.Page<S.Api>>(send, '/apis', query),
  show: (name: string) => get<S.Api>(send, at`/apis/${name}`),
  deregister: (name: string) => send<S.Api | null>({ method: 'DELETE', path: at`/apis/${name}` }),
  deploy: (name: string, environment: string, body: S.DeployApi) =>
    send<S.Api>({ method: 'PUT', path: at`/apis/${name}/deployments/${environment}`, body }),
  /** What groups open there: these rules and no others. */
  changeRules: (
    name: string,
    environment: string,
    body: S.AccessRules,
    { ifMatch }: Pick<Call, 'ifMatch'> = {},
  ) => send<S.Api>({ method: 'PUT', path: at`/apis/${name}/access-rules/${environment}`, body, ifMatch }),
})

const tokensOf = (send: Send) => ({
  issue: (body: S.IssueToken, options: RequestOptions = {}) =>
    post<S.IssuedToken>(send, '/tokens', options, body),
  list: (query: S.TokenQuery = {}) => get<S.Page<S.Token>>(send, '/tokens', query),
  show: (id: string) => get<S.Token>(send, at`/tokens/${id}`),
  approve: (id: string, options: RequestOptions = {}) =>
    post<S.Token>(send, at`/tokens/${id}/approval`, options, {}),
  reject: (id: string, body: S.Note = {}, options: RequestOptions = {}) =>
    post<S.Token>(send, at`/tokens/${id}/rejection`, options, body),
  /** The requester takes an approved token, once. */
  collect: (id: string, options: RequestOptions = {}) =>
    post<S.IssuedToken>(send, at`/tokens/${id}/collection`, options, {}),
  /** A successor that opens the same. */
  reroll: (id: string, body: T.RerollToken = {}, options: RequestOptions = {}) =>
    post<T.RerolledToken>(send, at`/tokens/${id}/reroll`, options, body),
  disable: (id: string, body: S.Note = {}, options: RequestOptions = {}) =>
    post<S.Token>(send, at`/tokens/${id}/disablement`, options, body),
  enable: (id: string, options: RequestOptions = {}) =>
    post<S.Token>(send, at`/tokens/${id}/enablement`, options, {}),
  revoke: (id: string, body: T.RevokeToken, options: RequestOptions = {}) =>
    post<T.RevokedToken>(send, at`/tokens/${id}/revocation`, options, body),
})

const signingKeysOf = (send: Send) => ({
  list: () => get<S.SigningKeys>(send, '/signing-keys'),
  /** A secret that was made elsewhere, as unpadded base64url. */
  import: (secret: string, options: RequestOptions = {}) =>
    post<S.Rotation>(send, '/signing-keys', options, { algorithm: 'HS512', secret }),
  rotate: (body: S.Rotate = {}, options: RequestOptions = {}) =>
    post<S.Rotation>(send, '/signing-keys/rotation', options, body),
  /** The public keys that anybody may verify tokens with. */
  jsonWebKeys: () => get<S.JsonWebKeys>(send, '/.well-known/jwks.json'),
  compromise: (kid: string, body: S.Note = {}, options: RequestOptions = {}) =>
    post<S.Compromise>(send, at`/signing-keys/${kid}/compromise`, options, body),
})

const usagePlansOf = (send: Send) => ({
  /** Makes the plan, or makes it so. */
  put: (name: string, body: U.PutUsagePlan) =>
    send<U.UsagePlan>({ method: 'PUT', path: at`/usage-plans/${name}`, body }),
  list: (query: U.UsagePlanQuery = {}) => get<S.Page<U.UsagePlan>>(send, '/usage-plans', query),
  show: (name: string) => get<U.UsagePlan>(send, at`/usage-plans/${name}`),
})

const apiKeysOf = (send: Send) => ({
  create: (body: U.CreateApiKey, options: RequestOptions = {}) =>
    post<U.ShownApiKey>(send, '/api-keys', options, body),
  list: (query: U.ApiKeyQuery = {}) => get<S.Page<U.ApiKey>>(send, '/api-keys', query),
  show: (id: string) => get<U.ApiKey>(send, at`/api-keys/${id}`),
  rotate: (id: string, body: U.RotateApiKey = {}, options: RequestOptions = {}) =>
    post<U.ShownApiKey>(send, at`/api-keys/${id}/rotation`, options, body),
  /** For good. */
  disable: (id: string, body: S.Note = {}, options: RequestOptions = {}) =>
    post<U.ApiKey>(send, at`/api-keys/${id}/disablement`, options, body),
})

const auditOf = (send: Send, open: OpenStream) => ({
  events: (query: A.AuditQuery = {}) => get<A.AuditPage>(send, '/audit/events', query),
  /** The same as it goes on; undefined where the platform does not stream. */
  stream: (query: A.AuditQuery = {}, { last, signal }: StreamOptions = {}) =>
    open('/audit/events', query as Query, { last, signal }),
  /** Where the log of each entity ends. */
  heads: (query: A.HeadQuery = {}) => get<S.Page<A.AuditHead>>(send, '/audit/heads', query),
  /** The oldest first. */
  seals: (query: S.Paging = {}) => get<S.Page<A.AuditSeal>>(send, '/audit/seals', query),
  /** Of a day, `2026-01-31`. */
  seal: (day: string) => get<A.AuditSeal>(send, at`/audit/seals/${day}`),
  /** The log as signed Security Event Tokens (RFC 8417). */
  securityEvents: (query: A.SecurityEventQuery = {}) =>
    get<S.Page<string>>(send, '/audit/security-events', query),
  /** The events that the seal of a day is over, in its order. */
  leaves: (day: string, query: Pick<S.Paging, 'cursor'> = {}) =>
    get<S.Page<A.SealLeaf>>(send, at`/audit/seals/${day}/leaves`, query),
})

const webhooksOf = (send: Send) => ({
  register: (body: W.RegisterWebhook, options: RequestOptions = {}) =>
    post<W.ShownWebhook>(send, '/webhooks', options, body),
  list: (query: W.WebhookQuery = {}) => get<S.Page<W.Webhook>>(send, '/webhooks', query),
  show: (id: string) => get<W.Webhook>(send, at`/webhooks/${id}`),
  /** All of it is replaced, but for its secret and whether it is enabled. */
  change: (id: string, body: W.RegisterWebhook, { ifMatch }: Pick<Call, 'ifMatch'> = {}) =>
    send<W.Webhook>({ method: 'PUT', path: at`/webhooks/${id}`, body, ifMatch }),
  disable: (id: string, body: S.Note = {}, options: RequestOptions = {}) =>
    post<W.Webhook>(send, at`/webhooks/${id}/disablement`, options, body),
  enable: (id: string, options: RequestOptions = {}) =>
    post<W.Webhook>(send, at`/webhooks/${id}/enablement`, options, {}),
  rotateSecret: (id: string, body: W.RotateWebhookSecret = {}, options: RequestOptions = {}) =>
    post<W.ShownWebhook>(send, at`/webhooks/${id}/secret`, options, body),
  /** Sends an event of its own now, and says what came of it. */
  test: (id: string, options: RequestOptions = {}) =>
    post<W.TestedWebhook>(send, at`/webhooks/${id}/test`, options, {}),
})

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'

const oauthOf = (send: Send) => ({
  /** Signs in (RFC 8693): an ID token for a session's token. `nonce`: the one the ID token was asked for with. */
  exchange: (subject_token: string, nonce?: string) =>
    send<O.SignedIn>({
      ...{ method: 'POST', path: '/oauth/token', open: true },
      form: { grant_type: TOKEN_EXCHANGE, subject_token_type: ID_TOKEN, subject_token, nonce },
    }),
  /** Ends whatever this token is (RFC 7009): a session, or a platform-issued token of one's own. */
  revoke: (token: string) =>
    send<Readonly<Record<string, never>>>({
      ...{ method: 'POST', path: '/oauth/revoke', open: true },
      form: { token },
    }),
  /** RFC 7662, for operators. */
  introspect: (token: string) =>
    send<O.Introspection>({ method: 'POST', path: '/oauth/introspect', form: { token } }),
})

const pipelineOf = (send: Send) => ({
  status: () => get<S.PipelineStatus>(send, '/pipeline'),
  redrive: (subscription: string, options: RequestOptions = {}) =>
    post<S.Redrive>(send, at`/pipeline/${subscription}/redrive`, options, {}),
})
