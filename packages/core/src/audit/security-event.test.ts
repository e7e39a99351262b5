import { describe, expect, it } from 'vitest'
import { catalog, type EventOf, type EventType } from '../events/catalog.ts'
import { Audit } from './index.ts'

const eventOf = (type: EventType, over: object = {}): EventOf =>
  ({
    id: 'evt_1',
    type,
    subject: 'tok_1',
    time: '2026-03-01T12:00:00.500Z',
    actor: 'con_operator',
    correlationid: 'request',
    entityversion: 1,
    previoushash: '',
    data: {},
    ...over,
  }) as unknown as EventOf

const ADDRESSING = { issuer: 'urn:platform', audience: 'siem', now: new Date('2026-03-05T00:00:00Z') }
const claimsOf = (event: EventOf) => Audit.securityEventOf(event, ADDRESSING)
const toldOf = (event: EventOf) => Object.values(claimsOf(event).events)[0]

describe('a security event token', () => {
  it('says who, to whom, when, in which request, of whom, and one event', () => {
    const event = eventOf('token.revoked')
    expect(claimsOf(event)).toEqual({
      iss: 'urn:platform',
      aud: 'siem',
      iat: 1_772_668_800,
      jti: 'evt_1',
      txn: 'request',
      toe: 1_772_366_400,
      sub_id: { format: 'opaque', id: 'tok_1' },
      events: {
        'https://schemas.openid.net/secevent/caep/event-type/credential-change': {
          event_timestamp: 1_772_366_400,
          initiating_entity: 'admin',
          credential_type: 'api-token',
          change_type: 'revoke',
          reason_admin: { en: 'token.revoked' },
          countersign: event,
        },
      },
    })
  })

  it.each(Object.keys(catalog) as EventType[])(
    'of %s is told in terms of CAEP or under its own name',
    (type) => {
      const [uri, ...more] = Object.keys(claimsOf(eventOf(type)).events)
      expect(more).toEqual([])
      expect(uri).toBe(Audit.eventUriOf(type))
      expect(uri).toMatch(
        new RegExp(
          `^(?:https://schemas\\.openid\\.net/secevent/caep/event-type/(?:session-established|session-revoked|token-claims-change|credential-change)|urn:countersign:event:${type.replaceAll('.', '\\.')})$`,
        ),
      )
    },
  )

  it('names a consumer as its tokens do', () => {
    const { sub_id } = claimsOf(eventOf('consumer.suspended', { subject: 'con_1' }))
    expect(sub_id).toEqual({ format: 'iss_sub', iss: 'urn:platform', sub: 'con_1' })
  })

  it('says what tokens say from now on', () => {
    const data = { groups: ['g1'] }
    expect(toldOf(eventOf('session.groups-changed', { data }))).toMatchObject({ claims: data })
    const grants = [{ api: 'pets' }]
    expect(toldOf(eventOf('consumer.grants-changed', { data: { grants } }))).toMatchObject({
      claims: { grants },
    })
  })

  it.each([
    ['session.ended', { data: { reason: 'signed-out' } }, 'user'],
    ['session.ended', { data: { reason: 'account-suspended' } }, 'policy'],
    ['session.started', {}, 'user'],
    ['session.groups-changed', { data: { groups: [] } }, 'policy'],
    ['token.revoked', { actor: 'schedule' }, 'system'],
    ['token.revoked', { actor: 'arn:aws:iam::111111111111:user/deployer' }, 'admin'],
  ] as const)('of %s %o was brought about by: %s', (type, over, entity) => {
    expect(toldOf(eventOf(type, over))).toMatchObject({ initiating_entity: entity })
  })
})
