import { describe, expect, it } from 'vitest'
import { type AllowedHost, readAllowedHosts, readDestination } from './destination.ts'

const hosts = (text: string): readonly AllowedHost[] => {
  const read = readAllowedHosts(text)
  if (!read.ok) throw new Error(`no hosts: ${read.error}`)
  return read.value
}
const fault = (url: string, allowed: readonly AllowedHost[] = []) => {
  const read = readDestination(url, allowed)
  return read.ok ? undefined : read.error
}

/** 127.0.0.1, as browsers and resolvers have been talked into it. */
const SPELLINGS = [
  ...['127.0.0.1', '127.1', '127.0.1', '2130706433', '0x7f000001', '0x7f.1', '0X7F.0.0.1', '0177.0.0.1'],
  ...['017700000001', '127.0.0.1.', '127.000.000.001', '①②⑦.⓪.⓪.①', '%31%32%37.0.0.1', '127。0。0。1'],
  ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::1]', '[0:0:0:0:0:0:0:1]', '[0000::0001]'],
  ...['[64:ff9b::127.0.0.1]', '[2002:7f00:0001::]', '0', '0.0.0.0', '[::]'],
]

describe('the URL of a webhook', () => {
  it.each([
    'https://hooks.example.org/auth',
    'https://hooks.example.org',
    'https://hooks.example.org:8443/a/b;c=d/%7Eteam',
    'https://1.1.1.1/hooks',
    'https://[2606:4700::1111]:444/hooks',
    'HTTPS://HOOKS.EXAMPLE.ORG/Auth',
  ])('may be %s', (url) => {
    expect(fault(url)).toBeUndefined()
  })

  it.each(SPELLINGS)('leads nowhere inside, however it is written: %s', (host) => {
    const found = fault(`https://${host}/`)
    expect(['webhook_address_refused', 'webhook_url_malformed']).toContain(found)
  })

  it.each([
    ['http://hooks.example.org/', 'webhook_url_insecure'],
    ['ftp://hooks.example.org/', 'webhook_url_malformed'],
    ['file:///etc/passwd', 'webhook_url_malformed'],
    ['javascript:alert(1)', 'webhook_url_malformed'],
    ['gopher://127.0.0.1/', 'webhook_url_malformed'],
    ['hooks.example.org', 'webhook_url_malformed'],
    ['//hooks.example.org/', 'webhook_url_malformed'],
    ['https://', 'webhook_url_malformed'],
    ['https://hooks.example.org/ auth', 'webhook_url_malformed'],
    ['https://hooks.example.org/\r\nx: y', 'webhook_url_malformed'],
    [' https://hooks.example.org/', 'webhook_url_malformed'],
    ['https://hooks.example.org:99999/', 'webhook_url_malformed'],
    ['https://ann@hooks.example.org/', 'webhook_url_with_credentials'],
    ['https://ann:secret@hooks.example.org/', 'webhook_url_with_credentials'],
    ['https://:secret@hooks.example.org/', 'webhook_url_with_credentials'],
    ['https://hooks.example.org/?key=secret', 'webhook_url_with_query'],
    ['https://hooks.example.org/?', 'webhook_url_with_query'],
    ['https://hooks.example.org/#part', 'webhook_url_with_query'],
    ['https://hooks.example.org/#', 'webhook_url_with_query'],
    ['https://hooks.example.org\\@127.0.0.1/', undefined],
  ])('%j: %s', (url, expected) => {
    expect(fault(url)).toBe(expected)
  })

  it('has 2,048 characters at most', () => {
    expect(fault(`https://hooks.example.org/${'a'.repeat(2_022)}`)).toBeUndefined()
    expect(fault(`https://hooks.example.org/${'a'.repeat(2_023)}`)).toBe('webhook_url_malformed')
  })

  it('may lead to an allowed host over http, whatever its address, and however that is written', () => {
    const allowed = hosts('127.0.0.1:9000, receiver.internal,[::1]')
    for (const url of [
      'http://127.0.0.1:9000/hooks',
      'https://2130706433:9000/hooks',
      'http://receiver.internal/',
      'http://RECEIVER.internal:8080/',
      'http://[0:0:0:0:0:0:0:1]:1234/',
    ])
      expect([url, fault(url, allowed)]).toEqual([url, undefined])
  })

  it('leads to no other port and to no other host than was allowed', () => {
    const allowed = hosts('127.0.0.1:9000,receiver.internal:443')
    expect(fault('http://127.0.0.1:9001/', allowed)).toBe('webhook_url_insecure')
    expect(fault('https://127.0.0.1:9001/', allowed)).toBe('webhook_address_refused')
    expect(fault('https://127.0.0.2:9000/', allowed)).toBe('webhook_address_refused')
    expect(fault('http://receiver.internal/', allowed)).toBe('webhook_url_insecure')
    expect(fault('http://receiver.internal.example.org/', allowed)).toBe('webhook_url_insecure')
    expect(readDestination('https://receiver.internal/', allowed)).toMatchObject({
      value: { isAllowed: true },
    })
    expect(readDestination('https://receiver.internal:444/', allowed)).toMatchObject({
      value: { isAllowed: false },
    })
  })

  it('takes user and query from nobody, allowed or not', () => {
    expect(fault('http://a:b@receiver.internal/', hosts('receiver.internal'))).toBe(
      'webhook_url_with_credentials',
    )
    expect(fault('http://receiver.internal/?a', hosts('receiver.internal'))).toBe('webhook_url_with_query')
  })
})

describe('allowed hosts', () => {
  it('are none where nothing is said', () => {
    expect([hosts(''), hosts(' , ')]).toEqual([[], []])
  })

  it.each(['http://a/', 'a/b', 'a b', 'a:0', 'a:65536', 'a:b', 'ann@a', '[::1', '*', 'a?b'])(
    'are not %j',
    (text) => {
      expect(readAllowedHosts(`ok,${text}`).ok).toBe(false)
    },
  )
})
