/** Why a request is refused. Exact, for the decision log and for operators; callers learn only the challenge. */
export type DenialReason =
  | 'shape_unsupported'
  | 'credential_missing'
  | 'credential_repeated'
  | 'credential_too_long'
  | 'scheme_unsupported'
  | 'token_malformed'
  | 'algorithm_mismatch'
  | 'kid_unknown'
  | 'signature_invalid'
  | 'claims_invalid'
  | 'issuer_mismatch'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'lifetime_too_long'
  | 'token_unknown'
  | 'token_mismatch'
  | 'token_revoked'
  | 'token_disabled'
  | 'token_superseded'
  | 'session_unknown'
  | 'session_mismatch'
  | 'session_ended'
  | 'subject_fenced'
  | 'consumer_unknown'
  | 'kid_not_accepted'
  | 'key_revoked'
  | 'consumer_suspended'
  | 'issued_before'
  | 'locked_down'
  | 'api_closed'
  | 'deployment_unknown'
  | 'coordinates_mismatch'
  | 'path_refused'
  | 'audience_mismatch'
  | 'api_not_granted'
  | 'group_not_granted'
  | 'route_unknown'
  | 'route_not_granted'
  | 'answer_not_cacheable'

/** RFC 6750 §3.1, and all that the caller is told. */
export type Challenge = 'invalid_token' | 'insufficient_scope'

/** `invalid_token` is answered with 401 and never cached, `insufficient_scope` with a Deny policy. */
export const CHALLENGES = {
  shape_unsupported: 'invalid_token',
  credential_missing: 'invalid_token',
  credential_repeated: 'invalid_token',
  credential_too_long: 'invalid_token',
  scheme_unsupported: 'invalid_token',
  token_malformed: 'invalid_token',
  algorithm_mismatch: 'invalid_token',
  kid_unknown: 'invalid_token',
  signature_invalid: 'invalid_token',
  claims_invalid: 'invalid_token',
  issuer_mismatch: 'invalid_token',
  token_expired: 'invalid_token',
  token_not_yet_valid: 'invalid_token',
  lifetime_too_long: 'invalid_token',
  token_unknown: 'invalid_token',
  token_mismatch: 'invalid_token',
  token_revoked: 'invalid_token',
  token_disabled: 'invalid_token',
  token_superseded: 'invalid_token',
  session_unknown: 'invalid_token',
  session_mismatch: 'invalid_token',
  session_ended: 'invalid_token',
  subject_fenced: 'invalid_token',
  consumer_unknown: 'invalid_token',
  kid_not_accepted: 'invalid_token',
  key_revoked: 'invalid_token',
  consumer_suspended: 'invalid_token',
  issued_before: 'invalid_token',
  locked_down: 'invalid_token',
  api_closed: 'insufficient_scope',
  deployment_unknown: 'insufficient_scope',
  coordinates_mismatch: 'insufficient_scope',
  path_refused: 'insufficient_scope',
  audience_mismatch: 'insufficient_scope',
  api_not_granted: 'insufficient_scope',
  group_not_granted: 'insufficient_scope',
  route_unknown: 'insufficient_scope',
  route_not_granted: 'insufficient_scope',
  answer_not_cacheable: 'insufficient_scope',
} as const satisfies Record<DenialReason, Challenge>
