import { describe, expect, it } from 'vitest'
import { domainIn, machineAccountsIn, signInIn } from '../../stacks/settings.ts'

describe('COUNTERSIGN_MACHINE_ACCOUNTS', () => {
  it.each([undefined, '', ' '])('names nobody unless somebody is named (%j)', (text) => {
    expect(machineAccountsIn(text)).toEqual([])
  })

  it('is accounts with commas between them, each once', () => {
    expect(machineAccountsIn('444444444444, 222222222222,444444444444')).toEqual([
      '222222222222',
      '444444444444',
    ])
  })

  it.each(['*', '12345', '222222222222,', 'arn:aws:iam::222222222222:root', '222222222222 444444444444'])(
    'is refused as %j',
    (text) => {
      expect(() => machineAccountsIn(text)).toThrow(/12 digits/)
    },
  )
})

describe('COUNTERSIGN_DOMAIN', () => {
  const CERTIFICATE = 'arn:aws:acm:eu-west-2:111111111111:certificate/12345678-1234-1234-1234-123456789012'

  it('is none unless it is given', () => {
    expect(domainIn(undefined, undefined)).toBeUndefined()
  })

  it('is in Route 53, or kept elsewhere with a certificate', () => {
    expect(domainIn('tokens.example.org', undefined)).toEqual({ name: 'tokens.example.org' })
    expect(domainIn('tokens.example.org', CERTIFICATE)).toEqual({
      name: 'tokens.example.org',
      cert: CERTIFICATE,
      dns: false,
    })
  })

  it.each([
    'https://tokens.example.org',
    'tokens.example.org/v1',
    'Tokens.example.org',
    'localhost',
    '*.example.org',
    '-a.org',
  ])('is refused as %j', (name) => {
    expect(() => domainIn(name, undefined)).toThrow(/COUNTERSIGN_DOMAIN takes a domain name/)
  })

  it('takes a certificate by its ARN, and none without a domain', () => {
    expect(() => domainIn('tokens.example.org', 'mine')).toThrow(/ARN of a certificate/)
    expect(() => domainIn(undefined, CERTIFICATE)).toThrow(/of no use/)
  })
})

describe('COUNTERSIGN_SIGN_IN', () => {
  const provider = {
    ...{ name: 'other', issuers: ['https://id.example'], jwksUrl: 'https://id.example/keys' },
    ...{ clientIds: ['app'], groups: { from: 'claim', claim: 'groups' } },
  }
  const saying = (changed: object) => JSON.stringify({ providers: [{ ...provider, ...changed }] })

  it.each([undefined, '', ' '])('lets nobody in unless it is given (%j)', (text) => {
    expect(signInIn(text)).toBe('{}')
  })

  it('reaches the functions as it was written', () => {
    expect(signInIn(saying({}))).toBe(saying({}))
  })

  it.each([
    ['what is no JSON', '{', 'it is not JSON'],
    ['a misspelt member', saying({ clientIDs: ['app'] }), 'clientIDs'],
    ['an address without TLS', saying({ jwksUrl: 'http://id.example/keys' }), 'providers[0].jwksUrl'],
    ['groups from a file that no function has', saying({ groups: { from: 'file' } }), 'come from a file'],
  ])('is refused before anything is made: %s', (_, text, said) => {
    expect(() => signInIn(text)).toThrow(/^COUNTERSIGN_SIGN_IN/)
    expect(() => signInIn(text)).toThrow(said)
  })
})
