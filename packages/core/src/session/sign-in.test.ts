import { describe, expect, it } from 'vitest'
import { canBeAskedAgain } from './identities.ts'
import { NOBODY } from './nobody.ts'
import { readSignIn } from './sign-in.ts'

const provider = {
  name: 'people',
  issuers: ['https://people.example'],
  jwksUrl: 'https://people.example/keys',
  clientIds: ['client'],
  groups: { from: 'claim', claim: 'groups' },
}
const wrong = (...providers: readonly object[]) => {
  const read = readSignIn(JSON.stringify({ providers }))
  return read.ok ? 'nothing' : read.error
}

describe('the configuration of sign-in', () => {
  it.each([
    ['https://people.example/keys', 'nothing'],
    ['http://127.0.0.1:8789/keys', 'nothing'],
    ['http://localhost/keys', 'nothing'],
    ['http://people.example/keys', 'an https URL'],
    ['ftp://localhost/keys', 'an https URL'],
    ['https://somebody@people.example/keys', 'an https URL'],
    ['https://people.example/keys#part', 'an https URL'],
    ['keys', 'an https URL'],
  ])('takes keys from %s: wrong is %s', (jwksUrl, expected) => {
    expect(wrong({ ...provider, jwksUrl })).toContain(expected)
  })

  it('has each name once, and each issuer once', () => {
    const other = { ...provider, name: 'others' }
    expect(wrong(provider, { ...provider, issuers: ['https://others.example'] })).toContain('two of one name')
    expect(wrong(provider, other)).toContain('two with one issuer')
    expect(wrong(provider, { ...other, issuers: ['https://others.example'] })).toBe('nothing')
  })

  it('lets no Google account of the whole world in', () => {
    const google = { name: 'google', clientIds: ['client'], groups: { from: 'file' } }
    expect(wrong(google)).toContain('every Google account in the world')
    expect(wrong({ ...google, hostedDomains: ['example.org'] })).toBe('nothing')
  })

  it('is said to be no JSON when it is none', () => {
    expect(readSignIn('{')).toEqual({ ok: false, error: 'it is not JSON' })
  })

  it('says whose groups can be asked about again, without the person', () => {
    const read = readSignIn(JSON.stringify({ providers: [provider] }))
    const [known] = read.ok ? read.value.providers : []
    if (!known) throw new Error('one was configured')
    expect(canBeAskedAgain(known)).toBe(false)
    expect(canBeAskedAgain({ ...known, groups: { from: 'file' } })).toBe(true)
  })

  it('without any lets nobody in', async () => {
    expect(NOBODY.configuration()).toEqual({ sessionSeconds: 900, providers: [] })
    const [token, nobody] = [undefined as never, undefined as never]
    expect(await NOBODY.verify(token, nobody)).toEqual({ ok: false, error: 'id_token_signature_invalid' })
    expect(await NOBODY.directoryOf(nobody).groupsOf(token)).toEqual({ ok: false, error: 'account_unknown' })
  })
})
