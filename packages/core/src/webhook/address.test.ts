import { describe, expect, it } from 'vitest'
import { isPublicAddress } from './address.ts'

/** First and last of each network that is refused, and the neighbours that are not. */
const REFUSED = [
  ['this network', '0.0.0.0', '0.255.255.255'],
  ['private', '10.0.0.0', '10.255.255.255'],
  ['carrier-grade NAT', '100.64.0.0', '100.127.255.255'],
  ["Alibaba's metadata", '100.100.100.200'],
  ['loopback', '127.0.0.0', '127.0.0.1', '127.255.255.255'],
  ["Azure's platform", '168.63.129.16'],
  ['link-local', '169.254.0.0', '169.254.255.255'],
  ['metadata of AWS, Azure and Google', '169.254.169.254'],
  ['credentials of containers', '169.254.170.2'],
  ['private', '172.16.0.0', '172.31.255.255'],
  ['protocol assignments', '192.0.0.0', '192.0.0.255'],
  ["Oracle's metadata", '192.0.0.192'],
  ['documentation', '192.0.2.0', '192.0.2.255'],
  ['AS112', '192.31.196.1', '192.175.48.1'],
  ['AMT', '192.52.193.1'],
  ['6to4 relays', '192.88.99.1'],
  ['private', '192.168.0.0', '192.168.255.255'],
  ['benchmarks', '198.18.0.0', '198.19.255.255'],
  ['documentation', '198.51.100.0', '198.51.100.255', '203.0.113.0', '203.0.113.255'],
  ['multicast', '224.0.0.0', '239.255.255.255'],
  ['reserved', '240.0.0.0', '255.255.255.254'],
  ['broadcast', '255.255.255.255'],
  ['unspecified', '::'],
  ['loopback', '::1', '0:0:0:0:0:0:0:1'],
  ['IPv4-compatible', '::127.0.0.1', '::8.8.8.8', '::808:808'],
  ['IPv4-mapped', '::ffff:127.0.0.1', '::ffff:7f00:1', '::FFFF:10.0.0.1', '::ffff:8.8.8.8'],
  ['IPv4-translated', '::ffff:0:8.8.8.8'],
  ['NAT64', '64:ff9b::7f00:1', '64:ff9b::8.8.8.8', '64:ff9b:1::a00:1'],
  ['discard only', '100::1'],
  ['protocol assignments', '2001::', '2001:1ff:ffff::'],
  ['Teredo', '2001:0:53aa:64c::1'],
  ['benchmarks', '2001:2::1'],
  ['ORCHID', '2001:10::1', '2001:20::1'],
  ['documentation', '2001:db8::', '2001:db8:ffff::1', '3fff::1', '3fff:fff::1'],
  ['6to4', '2002:7f00:1::', '2002:a00:1::1'],
  ['AS112', '2620:4f:8000::1'],
  ['segment routing', '5f00::1'],
  ['unique-local', 'fc00::', 'fdff:ffff::1'],
  ["AWS's metadata over IPv6", 'fd00:ec2::254'],
  ['link-local', 'fe80::1', 'febf::1'],
  ['site-local', 'fec0::1'],
  ['multicast', 'ff00::', 'ff02::1'],
  ['not handed out', '4000::1', '1fff::1'],
] as const

const TAKEN = [
  ...['1.0.0.0', '1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0'],
  ...['126.255.255.255', '128.0.0.0', '168.63.129.15', '168.63.129.17', '169.253.255.255', '169.255.0.0'],
  ...['172.15.255.255', '172.32.0.0', '192.0.1.0', '192.0.3.0', '192.167.255.255', '192.169.0.0'],
  ...['198.17.255.255', '198.20.0.0', '198.51.99.255', '198.51.101.0', '203.0.112.255', '203.0.114.0'],
  ...['223.255.255.255', '2000::1', '2001:200::1', '2001:4860:4860::8888', '2003::1', '2606:4700::1111'],
  ...['2001:db7::1', '2001:db9::1', '2600::', '3ffe::1', '3fff:1000::1', '2a00:1450:4009:80b::200e'],
]

const NO_ADDRESSES = [
  ...['', 'localhost', '127.1', '0x7f000001', '2130706433', '0177.0.0.1', '127.0.0.01', '1.1.1.256'],
  ...[
    '1.1.1',
    '1.1.1.1.',
    ' 1.1.1.1',
    '1.1.1.1 ',
    '[2606:4700::1111]',
    '2606:4700::1111%eth0',
    ':::',
    '2606::1::2',
  ],
  ...['2606:4700:0:0:0:0:0:0:1111', '2606:4700', '2606:47000::1', 'fe80::1%lo', '2606::1.1.1', '2606::g'],
]

describe('an address that a webhook may lead to', () => {
  it.each(REFUSED.flatMap(([what, ...addresses]) => addresses.map((address) => [what, address] as const)))(
    'is none of these: %s, %s',
    (_, address) => {
      expect(isPublicAddress(address)).toBe(false)
    },
  )

  it.each(TAKEN)('is one like %s', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })

  it.each(NO_ADDRESSES)('is written as resolvers write addresses, not like %j', (text) => {
    expect(isPublicAddress(text)).toBe(false)
  })
})
