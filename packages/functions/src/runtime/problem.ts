import type { ApiKeyRefusal, KeyFault } from '@countersign/core/api-key'
import type { SelfSigningRefusal } from '@countersign/core/consumer'
import type { RuleFault } from '@countersign/core/registry'
import type { ImportRefusal } from '@countersign/core/signing-key'
import type { Fault, TokenRefusal } from '@countersign/core/token'
import type { PlanFault, PlanRefusal } from '@countersign/core/usage-plan'
import type { DestinationFault, WebhookRefusal } from '@countersign/core/webhook'

export type Reason =
  | TokenRefusal
  | PlanRefusal
  | PlanFault['code']
  | ApiKeyRefusal
  | KeyFault['code']
  | 'api_key_secret_missing'
  | 'api_key_secret_changed'
  | WebhookRefusal
  | DestinationFault
  | 'webhook_event_unknown'
  | 'webhook_secret_missing'
  | 'webhook_secret_changed'
  | 'issued_before_in_future'
  | 'fence_full'
  | 'lockdown_not_found'
  | 'overlap_malformed'
  | 'grace_malformed'
  | 'grace_given_twice'
  | 'overlap_given_twice'
  | SelfSigningRefusal
  | 'body_malformed'
  | 'body_too_large'
  | 'media_type_unsupported'
  | 'invalid_request'
  | 'cursor_invalid'
  | 'idempotency_key_malformed'
  | 'idempotency_key_reused'
  | 'if_match_malformed'
  | 'version_mismatch'
  | 'conflict'
  | 'consumer_not_found'
  | 'api_not_found'
  | 'api_reserved'
  | 'api_name_malformed'
  | 'registration_rejected'
  | 'publication_overtaken'
  | 'deployment_taken'
  | 'deployment_of_other_environment'
  | 'key_not_found'
  | 'key_ring_empty'
  | 'signing_key_gone'
  | 'rotation_superseded'
  | 'rotation_failed'
  | 'key_ring_full'
  | ImportRefusal
  | 'algorithm_unavailable'
  | 'subscription_not_found'
  | 'route_not_found'
  | 'method_not_allowed'
  | 'unauthorized'
  | 'forbidden'
  | 'credential_unchecked'
  | 'log_damaged'
  | 'seal_not_found'
  | 'streams_full'
  | 'seal_key_unready'
  | 'internal_error'
  | 'store_unavailable'
  | Fault['code']
  | RuleFault['code']

/** The one place where a reason meets HTTP; a new reason does not compile until it has a status and a title. */
const PROBLEMS = {
  body_malformed: [400, 'The body is not JSON'],
  body_too_large: [413, 'The body is too large'],
  media_type_unsupported: [415, 'Only application/json is understood'],
  invalid_request: [400, 'The request is not of the documented form'],
  cursor_invalid: [400, 'The cursor is not one that was handed out'],
  idempotency_key_malformed: [400, 'The Idempotency-Key is malformed'],
  idempotency_key_reused: [422, 'The Idempotency-Key was used for another request'],
  if_match_malformed: [400, 'The If-Match header is not one entity tag'],
  version_mismatch: [412, 'The entity changed since it was read'],
  conflict: [409, 'Too many changes at once; try again'],
  consumer_not_found: [404, 'No such consumer'],
  consumer_suspended: [409, 'The consumer is suspended'],
  consumer_not_self_signing: [409, 'The consumer does not sign tokens itself'],
  grants_not_requested: [409, 'No grants wait for approval'],
  refusals_full: [409, 'Too many tokens are refused one by one; refuse all issued before an instant'],
  api_not_found: [404, 'No such API'],
  api_reserved: [403, "The platform's own API changes with the platform alone"],
  api_name_malformed: [400, 'Not a name for an API'],
  registration_rejected: [422, 'The API could not be registered'],
  publication_overtaken: [409, 'What was published later, or withdrawn, goes before it'],
  deployment_taken: [409, 'Another API lives at these coordinates'],
  deployment_of_other_environment: [409, 'Another environment of this API lives at these coordinates'],
  key_not_found: [404, 'No such signing key'],
  key_ring_empty: [503, 'There is no signing key yet'],
  signing_key_gone: [409, 'The key that signed the token was given up; issue another'],
  rotation_superseded: [409, 'Another rotation was faster'],
  rotation_failed: [500, 'The rotation did not finish; the ring is as it was'],
  key_ring_full: [409, 'The ring holds as many keys as it may; wait until the oldest of them is gone'],
  secret_malformed: [400, 'Not the unpadded base64url of a secret'],
  secret_too_short: [422, 'The secret has fewer than 64 bytes'],
  secret_low_entropy: [422, 'The secret is one that could be guessed'],
  secret_known: [422, 'The secret is in a published guide, and known to everybody'],
  algorithm_unavailable: [422, 'The Node this platform runs on cannot sign with this algorithm'],
  subscription_not_found: [404, 'No such subscription'],
  route_not_found: [404, 'No such route'],
  method_not_allowed: [405, 'The route does not have this method'],
  unauthorized: [401, 'The credential is missing or not accepted'],
  forbidden: [403, 'The credential does not open this route'],
  credential_unchecked: [503, 'The credential could not be checked; try again'],
  log_damaged: [500, 'The log was changed by hand; "countersign audit verify" says where'],
  seal_not_found: [
    404,
    'No seal of this day: it is not over for long enough, or lies before the first event',
  ],
  streams_full: [503, 'As many streams as there may be are open; ask for pages'],
  seal_key_unready: [503, 'The key that signs seals is not there yet, or was published a moment ago'],
  internal_error: [500, 'Something went wrong on our side'],
  store_unavailable: [503, 'The store cannot be reached or written to; try again'],
  token_not_found: [404, 'No such token'],
  token_not_requested: [409, 'The token does not wait for a decision'],
  token_not_approved: [409, 'The token is not approved, or was collected already'],
  token_not_active: [409, 'The token is not active'],
  token_not_disabled: [409, 'The token is not disabled'],
  token_not_issued: [409, 'The token was never issued'],
  token_revoked: [409, 'The token is revoked for good'],
  token_expired: [409, 'The token is over'],
  token_lapsed: [409, 'Nobody answered the request in time; ask again'],
  token_disabled: [409, 'The token is disabled'],
  token_rerolled: [409, 'The token has a successor already'],
  reroller_is_not_requester: [
    403,
    'Only the requester, or the consumer itself, renews a token that was approved',
  ],
  approver_is_requester: [403, 'Somebody other than the requester has to approve'],
  collector_is_not_requester: [403, 'Only the requester collects the token'],
  environment_not_deployed: [400, 'The API does not live in this environment'],
  route_malformed: [400, 'Not a route'],
  route_not_token_protected: [400, 'No token opens this route'],
  route_not_group_protected: [400, 'No group opens this route'],
  group_repeated: [400, 'One rule per group'],
  grant_repeated: [400, 'One grant per API and environment'],
  route_repeated: [400, 'A route is named twice'],
  usage_plan_not_found: [404, 'No such usage plan'],
  usage_plan_of_other_api: [409, 'A usage plan stays with its API and environment'],
  usage_plan_of_other_grant: [400, 'The usage plan is for another API or environment'],
  usage_plan_counts_api_keys: [400, 'The API is opened by API keys, so its plans count those'],
  usage_plan_repeated: [400, 'One usage plan per API and environment'],
  api_key_not_found: [404, 'No such API key'],
  api_key_disabled: [409, 'The API key is disabled for good'],
  api_key_opens_nothing: [400, 'No route of the API is protected by API keys'],
  api_key_secret_missing: [503, 'There is no secret to make API keys of yet'],
  api_key_secret_changed: [409, 'The secret that made this API key was replaced; rotate the key'],
  webhook_not_found: [404, 'No such webhook'],
  webhook_disabled: [409, 'The webhook is disabled'],
  webhook_url_malformed: [400, 'Not a URL of https with a host'],
  webhook_url_insecure: [400, 'Webhooks are sent over https'],
  webhook_url_with_credentials: [400, 'A URL holds no user and no password'],
  webhook_url_with_query: [400, 'A URL of a webhook has no query and no fragment: the log keeps it'],
  webhook_address_refused: [400, 'The host does not lead to public addresses alone'],
  webhook_host_unknown: [400, 'The host has no address'],
  webhook_event_unknown: [400, 'No event has this type'],
  webhook_secret_missing: [503, 'There is no secret to make the secrets of webhooks of yet'],
  webhook_secret_changed: [409, 'The secret that made the secret of this webhook was replaced; rotate it'],
  overlap_malformed: [400, 'Not a duration of at most 30 days'],
  issued_before_in_future: [400, 'What is not issued yet cannot be revoked'],
  fence_full: [409, 'Too many sets are refused at once; wait until the tokens of some are revoked'],
  lockdown_not_found: [404, 'Nothing of the kind was ever locked down'],
  grace_malformed: [400, 'Not a duration'],
  grace_given_twice: [400, 'Either a grace period, or none'],
  overlap_given_twice: [400, 'Either an overlap, or none'],
  expiry_malformed: [400, 'Not a time'],
  expiry_in_the_past: [400, 'The token would be over already'],
  expiry_too_late: [400, 'The token would live too long'],
  expiry_given_twice: [400, 'Two times were given'],
} as const satisfies Record<Reason, readonly [status: number, title: string]>

export interface ProblemError {
  /** JSON pointer (RFC 6901) into the body, or into `/query`, `/path`. */
  readonly pointer: string
  readonly code: string
  readonly detail: string
}

/** A command or a query that was refused: why, and where. */
export interface Refusal {
  readonly reason: Reason
  readonly detail?: string
  readonly errors?: readonly ProblemError[]
  /** When the reason's own status does not fit: what is missing in a path is 404, what is missing in a body 400. */
  readonly status?: number
}

/** RFC 9457 problem details with a stable `type`. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly code: Reason
  readonly errors?: readonly ProblemError[]
}

export const problemOf = ({ reason, detail, errors, status }: Refusal, instance: string): Problem => {
  const [usual, title] = PROBLEMS[reason]
  return {
    type: `urn:countersign:problem:${reason}`,
    title,
    status: status ?? usual,
    detail: detail ?? title,
    instance,
    code: reason,
    ...(errors && errors.length > 0 && { errors }),
  }
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

/** Everything that is wrong with a body, under the one reason there is, or under `invalid_request` where there are several. */
export const refusalOfFaults = (faults: readonly (ProblemError & { readonly code: Reason })[]): Refusal => {
  const codes = new Set(faults.map(({ code }) => code))
  const [only] = codes
  const reason = codes.size === 1 && only ? only : 'invalid_request'
  return { reason, status: 400, errors: faults, detail: faults.map(({ detail }) => detail).join('; ') }
}
