import { describe, expect, it } from 'vitest'
import { type IdTokenClaims, idIn, personIn, subjectOf } from './id-token.ts'
import { readSignIn } from './sign-in.ts'

const NOW = new Date(1_800_000_000_000)
const SECONDS = 1_800_000_000
const configured = readSignIn(
  JSON.stringify({
    providers: [
      {
        name: 'google',
        clientIds: ['client', 'second'],
        hostedDomains: ['example.org'],
        groups: { from: 'google-directory', impersonate: 'admin@example.org' },
      },
    ],
  }),
)
if (!configured.ok) throw new Error(configured.error)
const [google] = configured.value.providers
if (!google) throw new Error('one was configured')

const good: IdTokenClaims = {
  iss: 'https://accounts.google.com',
  aud: 'client',
  sub: '108204268033311374519',
  email: 'ada@example.org',
  email_verified: true,
  hd: 'example.org',
  iat: SECONDS,
  exp: SECONDS + 1,
}
const verdict = (claims: IdTokenClaims, nonce?: string, provider = google) => {
  const person = personIn({ ...good, ...claims }, provider, nonce, NOW)
  return person.ok ? 'ok' : person.error
}

describe('the person in an ID token', () => {
  it('is named by the provider and its own id, whatever their address is', () => {
    const person = personIn(good, google, undefined, NOW)
    if (!person.ok) throw new Error(person.error)
    expect(person.value).toEqual({ id: '108204268033311374519', email: 'ada@example.org', claims: good })
    expect(subjectOf(google, person.value)).toBe('google#108204268033311374519')
    expect(idIn('google#1#2')).toBe('1#2')
  })

  it.for<[string, IdTokenClaims, string]>([
    ['another issuer', { iss: 'https://evil.example' }, 'id_token_issuer_unknown'],
    ['an issuer that is no text', { iss: 7 }, 'id_token_issuer_unknown'],
    ['Google by its other name', { iss: 'accounts.google.com' }, 'ok'],
    ['another client', { aud: 'other' }, 'id_token_audience_mismatch'],
    ['a client in a list', { aud: ['client'] }, 'ok'],
    [
      'other clients beside ours, and nobody who asked',
      { aud: ['client', 'other'] },
      'id_token_audience_mismatch',
    ],
    ['other clients beside ours, asked by ours', { aud: ['other', 'client'], azp: 'second' }, 'ok'],
    ['asked by another client', { azp: 'other' }, 'id_token_audience_mismatch'],
    ['a list without ours', { aud: ['other'] }, 'id_token_audience_mismatch'],
    ['an end at this very instant', { exp: SECONDS }, 'id_token_expired'],
    ['no end', { exp: undefined }, 'id_token_malformed'],
    ['a beginning that is no number', { iat: '0' }, 'id_token_malformed'],
    ['a beginning before all time', { iat: -1 }, 'id_token_malformed'],
    ['an end that never comes', { exp: Infinity }, 'id_token_malformed'],
    ['a beginning within the skew', { iat: SECONDS + 5 }, 'ok'],
    ['a beginning beyond the skew', { iat: SECONDS + 6 }, 'id_token_not_yet_valid'],
    ['valid from within the skew', { nbf: SECONDS + 5 }, 'ok'],
    ['valid from beyond the skew', { nbf: SECONDS + 6 }, 'id_token_not_yet_valid'],
    ['valid from no number', { nbf: 'now' }, 'id_token_malformed'],
    ['another domain', { hd: 'example.com' }, 'id_token_domain_not_allowed'],
    ['no domain', { hd: undefined }, 'id_token_domain_not_allowed'],
    ['the domain in capitals', { hd: 'Example.ORG' }, 'ok'],
    ['an address nobody verified', { email_verified: 'true' }, 'id_token_email_unverified'],
    ['a subject with a space', { sub: 'a b' }, 'id_token_malformed'],
    ['a subject that is too long', { sub: 'x'.repeat(256) }, 'id_token_malformed'],
    ['an address that is none', { email: 'ada' }, 'id_token_malformed'],
    ['an address with a name before it', { email: 'Ada ada@example.org' }, 'id_token_malformed'],
    ['an address with something behind it', { email: 'ada@example.org x' }, 'id_token_malformed'],
    ['an address that is no text', { email: 7 }, 'id_token_malformed'],
    ['a subject that is no text', { sub: 7 }, 'id_token_malformed'],
    ['a domain that is no text', { hd: 7 }, 'id_token_domain_not_allowed'],
    ['a beginning at the first of all seconds', { iat: 0 }, 'ok'],
    ['an address that is too long', { email: `${'a'.repeat(320)}@x` }, 'id_token_malformed'],
  ])('with %s: %s', ([, claims, expected]) => {
    expect(verdict(claims)).toBe(expected)
  })

  it('answers the nonce that was given, and needs none where none was', () => {
    expect(verdict({ nonce: 'n' }, 'n')).toBe('ok')
    expect(verdict({ nonce: 'm' }, 'n')).toBe('id_token_nonce_mismatch')
    expect(verdict({}, 'n')).toBe('id_token_nonce_mismatch')
    expect(verdict({ nonce: 'n' })).toBe('ok')
  })

  it('needs no verified address where that was said', () => {
    expect(verdict({ email_verified: false }, undefined, { ...google, requireVerifiedEmail: false })).toBe(
      'ok',
    )
  })
})
