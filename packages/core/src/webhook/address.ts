/**
 * Where no webhook may lead unless it is allowed in so many words: what IANA's special-purpose registries (RFC 6890) do not
 * call globally reachable, and Azure's platform address, which is a public one.
 */
const REFUSED_V4 = [
  '0.0.0.0/8', // "this network"
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier-grade NAT; Alibaba's metadata
  '127.0.0.0/8', // loopback
  '168.63.129.16/32', // Azure's platform
  '169.254.0.0/16', // link-local; the metadata of AWS, Google and Azure; Lambda's own services
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments; Oracle's metadata
  '192.0.2.0/24', // documentation
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // AMT
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '192.175.48.0/24', // AS112
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved; broadcast
] as const

/** All that is handed out to anybody. Loopback, mapped and NAT64 addresses, ULA, link-local and multicast lie outside of it. */
const GLOBAL_V6 = '2000::/3'

/** What of it is not for everybody, or leads into IPv4. */
const REFUSED_V6 = [
  '2001::/23', // protocol assignments: Teredo, benchmarks, ORCHID
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4
  '2620:4f:8000::/48', // AS112
  '3fff::/20', // documentation
] as const

interface Network {
  readonly bits: 32 | 128
  readonly first: bigint
  readonly prefix: bigint
}

type Address = Pick<Network, 'bits'> & { readonly value: bigint }

const OCTET = /^(?:0|[1-9]\d{0,2})$/

const v4 = (text: string): bigint | undefined => {
  const octets = text.split('.')
  if (octets.length !== 4 || !octets.every((octet) => OCTET.test(octet) && Number(octet) <= 255))
    return undefined
  return octets.reduce((value, octet) => (value << 8n) | BigInt(octet), 0n)
}

/** The last 32 bits may be written as IPv4 (RFC 4291 §2.2). */
const withoutV4Tail = (text: string): string | undefined => {
  const at = text.lastIndexOf(':')
  const tail = text.slice(at + 1)
  if (!tail.includes('.')) return text
  const value = v4(tail)
  return value === undefined
    ? undefined
    : `${text.slice(0, at + 1)}${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`
}

const v6 = (text: string): bigint | undefined => {
  const [head, tail, another] = withoutV4Tail(text)?.split('::') ?? []
  if (head === undefined || another !== undefined) return undefined
  const groupsOf = (part: string) => (part === '' ? [] : part.split(':'))
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')]
  const missing = 8 - before.length - after.length
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...after]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n)
}

const addressIn = (text: string): Address | undefined => {
  const bits = text.includes(':') ? 128 : 32
  const value = bits === 128 ? v6(text) : v4(text)
  return value === undefined ? undefined : { bits, value }
}

const network = (text: string): Network => {
  const [start = '', prefix = ''] = text.split('/')
  const address = addressIn(start)
  if (!address) throw new Error(`${text} is no network`)
  return { bits: address.bits, first: address.value, prefix: BigInt(prefix) }
}

const isIn =
  ({ bits, value }: Address) =>
  ({ bits: ofNetwork, first, prefix }: Network): boolean => {
    const host = BigInt(ofNetwork) - prefix
    return bits === ofNetwork && value >> host === first >> host
  }

const GLOBAL = network(GLOBAL_V6)
const REFUSED = [...REFUSED_V4, ...REFUSED_V6].map(network)

/** Whether an address, as resolvers and sockets write it, is one of the internet's; what is no address is none. */
export const isPublicAddress = (text: string): boolean => {
  const address = addressIn(text)
  if (!address) return false
  const within = isIn(address)
  return (address.bits === 32 || within(GLOBAL)) && !REFUSED.some(within)
}
