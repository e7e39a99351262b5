import type { DenialReason } from './denial.ts'

/** What whoever runs the platform can do about a refusal; one or two sentences, for people. */
export const ADVICE = {
  shape_unsupported:
    'The event is of no shape that this authorizer answers. Attach the authorizer with REQUEST or TOKEN (REST API) or payload 2.0 (HTTP API), and use the function for simple responses where those are on.',
  credential_missing: 'Send the header "Authorization: Bearer <token>".',
  credential_repeated: 'Send one Authorization header; a proxy on the way may be adding a second.',
  credential_too_long: 'What was sent is longer than 8 KiB and is no token of this platform.',
  scheme_unsupported:
    'The value must be the word Bearer, a space and the token, with nothing before, after or between.',
  token_malformed:
    'The token is damaged: cut off, re-encoded, wrapped in quotes, or made by another library. Send it byte for byte as it was issued.',
  algorithm_mismatch:
    'The token names another algorithm than its key has. No token that was issued here does: take it for forged, and find out who sent it.',
  kid_unknown:
    'No key with this kid verifies here: the token is of another installation, or its key left the ring. Issue another token; for one that a consumer signed, see that the kid is one of its accepted keys.',
  signature_invalid:
    'The signature is not of the key that the token names. It was changed on the way, or signed with another secret; a consumer that signs has to use its newest one.',
  claims_invalid:
    'A claim is missing or of the wrong type. Needed are iss, jti, iat and exp, and for tokens of the platform sub and aud; times are numbers of seconds.',
  issuer_mismatch:
    'The token was issued by somebody else. A consumer that signs has to put its own id into iss (and into sub, where it sends one).',
  token_expired: 'Issue or collect another token; "tokens reroll" or a new session in time avoids the gap.',
  token_superseded:
    'The token was rerolled, and the time its successor was given to take over is past. Use the successor; the record of the token names it.',
  token_not_yet_valid:
    'Its iat or nbf lies in the future by more than 5 seconds: set the clock of whoever signed it, or wait.',
  lifetime_too_long:
    'The token lives longer than is allowed here. Sign it with an exp closer to iat, or issue it anew.',
  token_unknown:
    'The read model has no such token. It was never issued here, waits for approval or collection, or its issue has not come through the pipeline yet.',
  token_mismatch:
    'Key, times or consumer of the token are not those it was issued with: somebody signed another token of the same id. Treat the signing key as compromised until you know better.',
  token_revoked: 'Revoking is for good. Issue another token if the caller should have access.',
  token_disabled: 'Enable the token again when the reason for disabling it is gone.',
  session_unknown: 'There is no such session. Sign in again.',
  session_mismatch:
    'Key, times or person of the token are not those of the session: somebody signed another token of its id. Treat the signing key as compromised until you know better.',
  session_ended: 'The person signed out, or was signed out. Sign in again.',
  subject_fenced: 'This person is shut out everywhere, by the fence. Lift that if it is no longer meant.',
  consumer_unknown:
    'This consumer does not sign its own tokens, or its grants have not come through the pipeline yet. Explain one of its tokens by its id instead.',
  kid_not_accepted:
    "The consumer's key was replaced and its overlap is over. Sign with the newest secret, or rotate with a longer overlap.",
  key_revoked:
    'The signing key was given up as compromised. Issue another token; it is signed with a newer key.',
  consumer_suspended:
    'All tokens of this consumer are refused while it is suspended. Resume it when it may go on.',
  issued_before:
    'Everything that was issued before a mark is refused: for everybody, for this holder, or for this API. Issue another token.',
  locked_down:
    'There is a lockdown: nobody is let in, here or anywhere. "lockdown" shows which one stands and why; "lockdown end" lifts it when the incident is over.',
  api_closed: 'The API was deregistered. Register and deploy it again if it still lives.',
  deployment_unknown:
    'No API is deployed at these coordinates. Deploy it there, or correct account, region, gateway id or stage; a fresh deployment takes a moment to come through the pipeline.',
  coordinates_mismatch:
    'The event contradicts its own ARN, or the ARN is none. No API Gateway sends that: look at what invokes the authorizer.',
  path_refused:
    'The path holds what is refused rather than interpreted: "//", dot segments, encoded slashes, control characters, or wildcards of IAM. Have the caller send a plain path.',
  audience_mismatch:
    'The token is for other APIs. Use the token of this one, or issue one with a grant for it.',
  api_not_granted:
    'The token opens nothing of this API in this environment. Issue one with a grant for both; environments are separate.',
  group_not_granted:
    "None of the person's groups opens anything here. Add the person to a group of an access rule, or a rule for one of their groups; changed groups count within minutes.",
  route_unknown:
    'The API has no such route. Compare method and path with what is registered, and publish the document again if it is behind.',
  route_not_granted:
    'The route exists, and this credential does not open it. Issue a token whose grant names the route, or add an access rule; a grant for /x/{id} does not open /x/list.',
  answer_not_cacheable:
    'A simple response would be kept for every route. Set the cache time of this deployment to 0, or turn simple responses off and attach the other authorizer.',
} as const satisfies Record<DenialReason, string>
