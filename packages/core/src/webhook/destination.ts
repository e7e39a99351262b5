import { err, ok, type Result } from '../shared/result.ts'
import { isPublicAddress } from './address.ts'

/** A host that deliveries may go to over `http`, and whatever its address is. */
export interface AllowedHost {
  /** As a URL has it: in small letters, IPv6 in brackets. */
  readonly host: string
  /** Any unless given. */
  readonly port?: number
}

export type DestinationFault =
  | 'webhook_url_malformed'
  | 'webhook_url_insecure'
  | 'webhook_url_with_credentials'
  | 'webhook_url_with_query'
  | 'webhook_address_refused'
  | 'webhook_host_unknown'

/** What `new URL` makes, under whatever types of the web. */
type Url = InstanceType<typeof URL>

/** Where deliveries go. */
export interface Destination {
  readonly url: Url
  /** Then its addresses are not looked at. */
  readonly isAllowed: boolean
}

const LONGEST_URL = 2_048
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

/**
 * `receiver.internal`, `127.0.0.1:9000`, `[::1]`, with commas between them; what is none of that is the error. A host is
 * compared as a URL has it, so that no spelling of it matters.
 */
export const readAllowedHosts = (text: string): Result<readonly AllowedHost[], string> => {
  const hosts: AllowedHost[] = []
  for (const one of text.split(',').map((part) => part.trim())) {
    if (one === '') continue
    const [, name = '', port] = /^([^/?#@*\s]+?)(?::(\d{1,5}))?$/.exec(one) ?? []
    const url = URL.canParse(`http://${name}/`) ? new URL(`http://${name}/`) : undefined
    if (url?.port !== '' || Number(port ?? 1) > 65_535 || Number(port ?? 1) < 1) return err(one)
    hosts.push({ host: url.hostname, ...(port !== undefined && { port: Number(port) }) })
  }
  return ok(hosts)
}

const isAmong = ({ hostname, port, protocol }: Url, allowed: readonly AllowedHost[]): boolean =>
  allowed.some(
    (one) =>
      one.host === hostname &&
      (one.port === undefined || one.port === (port === '' ? DEFAULT_PORTS[protocol] : Number(port))),
  )

/** `[::1]` and `127.0.0.1`, in whatever spelling they were given; undefined for a name. */
export const addressOf = ({ hostname }: Url): string | undefined => {
  if (hostname.startsWith('[')) return hostname.slice(1, -1)
  return /^[\d.]+$/.test(hostname) ? hostname : undefined
}

/**
 * Reads the URL of a webhook. A query, a fragment or a user would be a secret in a URL, which the log keeps; what a name leads
 * to is looked at with every connection.
 */
export const readDestination = (
  text: string,
  allowed: readonly AllowedHost[],
): Result<Destination, DestinationFault> => {
  if (text.length > LONGEST_URL || /[^\x21-\x7e]/.test(text) || !URL.canParse(text))
    return err('webhook_url_malformed')
  const url = new URL(text)
  const isAllowed = isAmong(url, allowed)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isAllowed))
    return err(url.protocol === 'http:' ? 'webhook_url_insecure' : 'webhook_url_malformed')
  if (url.username !== '' || url.password !== '') return err('webhook_url_with_credentials')
  if (/[?#]/.test(url.href)) return err('webhook_url_with_query')
  const address = addressOf(url)
  if (address !== undefined && !isAllowed && !isPublicAddress(address)) return err('webhook_address_refused')
  return ok({ url, isAllowed })
}
