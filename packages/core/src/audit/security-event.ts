import type { EventOf, EventType } from '../events/catalog.ts'
import { epochSeconds } from '../shared/duration.ts'
import { isId } from '../shared/id.ts'

/** `typ` of a Security Event Token (RFC 8417 §2.3). */
export const SECURITY_EVENT_TYPE = 'secevent+jwt'

/** CAEP 1.0: which of its events one of ours is. */
const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/'
/** Everything else has the name it has in the log. */
const OWN = 'urn:countersign:event:'

type Caep =
  | { readonly event: 'session-established' | 'session-revoked' | 'token-claims-change' }
  | { readonly event: 'credential-change'; readonly credential: Credential; readonly change: Change }
type Credential = 'api-token' | 'api-key' | 'consumer-secret' | 'signing-key'
type Change = 'create' | 'revoke' | 'update' | 'delete'

const changes = (credential: Credential, change: Change): Caep => ({
  event: 'credential-change',
  credential,
  change,
})

/** In the terms of CAEP where it has them; a new event does not compile until somebody decides. */
const TERMS: Readonly<Record<EventType, Caep | undefined>> = {
  'token.requested': undefined,
  'token.approved': undefined,
  'token.rejected': undefined,
  'token.issued': changes('api-token', 'create'),
  'token.collected': undefined,
  'token.rerolled': changes('api-token', 'update'),
  'token.expiring': undefined,
  'token.disabled': changes('api-token', 'update'),
  'token.enabled': changes('api-token', 'update'),
  'token.revoked': changes('api-token', 'revoke'),
  'token.used': undefined,
  'revocation.begun': changes('api-token', 'revoke'),
  'revocation.completed': undefined,
  'lockdown.begun': undefined,
  'lockdown.ended': undefined,
  'consumer.registered': undefined,
  'consumer.grants-requested': undefined,
  'consumer.grants-changed': { event: 'token-claims-change' },
  'consumer.secret-rotated': changes('consumer-secret', 'update'),
  'consumer.tokens-revoked': changes('api-token', 'revoke'),
  'consumer.suspended': undefined,
  'consumer.resumed': undefined,
  'api.registered': undefined,
  'api.updated': undefined,
  'api.deployed': undefined,
  'api.deregistered': undefined,
  'api.registration-rejected': undefined,
  'access-rule.changed': undefined,
  'usage-plan.changed': undefined,
  'api-key.created': changes('api-key', 'create'),
  'api-key.rotated': changes('api-key', 'update'),
  'api-key.retired': changes('api-key', 'update'),
  'api-key.disabled': changes('api-key', 'revoke'),
  'signing-key.created': changes('signing-key', 'create'),
  'signing-key.activated': changes('signing-key', 'update'),
  'signing-key.retired': changes('signing-key', 'delete'),
  'signing-key.compromised': changes('signing-key', 'revoke'),
  'key-ring.rotation-failed': undefined,
  'session.started': { event: 'session-established' },
  'session.groups-changed': { event: 'token-claims-change' },
  'session.ended': { event: 'session-revoked' },
  'access.denied': undefined,
  'audit.day-gathered': undefined,
  'audit.day-sealed': undefined,
  'seal-key.created': undefined,
  'seal-key.rotation-failed': undefined,
  'webhook.registered': undefined,
  'webhook.changed': undefined,
  'webhook.disabled': undefined,
  'webhook.enabled': undefined,
  'webhook.secret-rotated': undefined,
  'webhook.tested': undefined,
  'webhook.delivery-failed': undefined,
  'webhook.delivery-recovered': undefined,
}

export interface Addressing {
  readonly issuer: string
  readonly audience: string
  readonly now: Date
}

/**
 * The claims of a Security Event Token (RFC 8417 §2.2): one event, without `sub` and `exp`, so that nobody takes it for a
 * token (§4.1, §4.2). Its `jti` is the event's id: whoever gets it twice knows.
 */
export const securityEventOf = (event: EventOf, { issuer, audience, now }: Addressing) => {
  const toe = epochSeconds(new Date(event.time))
  return {
    iss: issuer,
    iat: epochSeconds(now),
    jti: event.id,
    aud: audience,
    txn: event.correlationid,
    toe,
    sub_id: subjectOf(event.subject, issuer),
    events: { [eventUriOf(event.type)]: { event_timestamp: toe, ...termsOf(event), countersign: event } },
  }
}

export const eventUriOf = (type: EventType): string => {
  const caep = TERMS[type]
  return caep ? `${CAEP}${caep.event}` : `${OWN}${type}`
}

/** RFC 9493: a consumer is the `sub` of its tokens (§3.2.3), everything else is known by its id alone (§3.2.4). */
const subjectOf = (subject: string, issuer: string) =>
  isId('consumer', subject)
    ? ({ format: 'iss_sub', iss: issuer, sub: subject } as const)
    : ({ format: 'opaque', id: subject } as const)

const termsOf = (event: EventOf) => {
  const caep = TERMS[event.type]
  return {
    initiating_entity: initiatorOf(event),
    ...(caep?.event === 'credential-change' && {
      credential_type: caep.credential,
      change_type: caep.change,
      reason_admin: { en: event.type },
    }),
    ...(caep?.event === 'token-claims-change' && { claims: claimsIn(event) }),
    ...(event.type === 'session.ended' && { reason_admin: { en: event.data.reason } }),
  }
}

/** What tokens say, or what is read in their place, from now on. */
const claimsIn = (event: EventOf): object => {
  if (event.type === 'session.groups-changed') return { groups: event.data.groups }
  return event.type === 'consumer.grants-changed' ? { grants: event.data.grants } : {}
}

/** CAEP 1.0 §2: a person of one's own, whoever administers, a rule, or the machinery. */
const initiatorOf = (event: EventOf): 'user' | 'admin' | 'policy' | 'system' => {
  if (event.type === 'session.started') return 'user'
  if (event.type === 'session.ended') return event.data.reason === 'signed-out' ? 'user' : 'policy'
  if (event.type === 'session.groups-changed') return 'policy'
  return isId('consumer', event.actor) || event.actor.startsWith('arn:') ? 'admin' : 'system'
}
