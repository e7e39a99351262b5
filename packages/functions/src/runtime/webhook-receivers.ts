import type { LookupAddress } from 'node:dns'
import { lookup as systemLookup } from 'node:dns/promises'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { err, ok, type Result } from '@countersign/core/shared'
import type { AllowedHost, Destination, Sending, Trouble, WebhookReceivers } from '@countersign/core/webhook'
import * as Webhooks from '@countersign/core/webhook/module'

/** Every address of a name; throws where it has none. */
export type Lookup = (hostname: string) => Promise<readonly LookupAddress[]>

export interface WebhookReceiversOptions {
  readonly allowedHosts: () => readonly AllowedHost[]
  readonly clock: () => Date
  /** The system's own unless given. */
  readonly lookup?: Lookup
  readonly limits?: Limits
}

export interface Limits {
  /** Name, connection and TLS. */
  readonly connectMilliseconds: number
  /** All of it, up to the head of the answer. */
  readonly answerMilliseconds: number
  /** For the body of the answer, which is read for the receiver's sake. */
  readonly bodyMilliseconds: number
}

const LIMITS: Limits = { connectMilliseconds: 3_000, answerMilliseconds: 10_000, bodyMilliseconds: 500 }
const LARGEST_BODY_BYTES = 16_384

class Troubled extends Error {
  readonly trouble: Trouble

  constructor(trouble: Trouble) {
    super(trouble)
    this.trouble = trouble
  }
}

/**
 * Receivers over HTTPS, each attempt on a connection of its own. A name is resolved once for a connection, and the very
 * addresses that were looked at are those that are connected to, so that a name which changes its mind gains nothing.
 */
export const webhookReceivers = (options: WebhookReceiversOptions): WebhookReceivers => {
  const { allowedHosts, clock, lookup = allAddresses, limits = LIMITS } = options
  const permitted = async ({ isAllowed, hostname }: Named): Promise<readonly LookupAddress[]> => {
    const addresses = await lookup(hostname).catch(() => [])
    if (addresses.length === 0) throw new Troubled('name_unknown')
    if (!isAllowed && !addresses.every(({ address }) => Webhooks.isPublicAddress(address)))
      throw new Troubled('address_refused')
    return addresses
  }
  return {
    check: async (text) => {
      const destination = Webhooks.readDestination(text, allowedHosts())
      if (!destination.ok) return destination
      const { url, isAllowed } = destination.value
      const named = { isAllowed, hostname: Webhooks.addressOf(url) ?? url.hostname }
      const trouble = await permitted(named).then(() => undefined, troubleOf)
      if (trouble === undefined) return ok(url.href)
      return err(trouble === 'address_refused' ? 'webhook_address_refused' : 'webhook_host_unknown')
    },
    post: async (sending) => {
      // What is allowed may have changed since the webhook was registered, and an address has no name to look up.
      const destination = Webhooks.readDestination(sending.url, allowedHosts())
      if (!destination.ok) return err('address_refused')
      const pinned = pinning(destination.value, permitted)
      const answered = await send(destination.value, sending, pinned, limits)
      if (!answered.ok) return answered
      const { status, retryAfter } = answered.value
      return ok({ status, retryAfterSeconds: Webhooks.retryAfterIn(retryAfter, clock()) })
    },
  }
}

type Named = Pick<Destination, 'isAllowed'> & { readonly hostname: string }

const allAddresses: Lookup = (hostname) => systemLookup(hostname, { all: true })

const troubleOf = (error: unknown): Trouble =>
  error instanceof Troubled ? error.trouble : 'connection_failed'

/** What the connection is told of a name: addresses that were looked at, or that there are none. */
const pinning =
  (
    { isAllowed }: Destination,
    permitted: (named: Named) => Promise<readonly LookupAddress[]>,
  ): LookupFunction =>
  (hostname, { all }, callback) => {
    permitted({ isAllowed, hostname }).then(
      (addresses) => {
        const [first] = addresses
        if (all) callback(null, [...addresses])
        else callback(null, first?.address ?? '', first?.family)
      },
      (error: Error) => callback(error, '', 0),
    )
  }

interface Answered {
  readonly status: number
  readonly retryAfter: string | undefined
}

const send = (
  { url }: Destination,
  { headers, body }: Sending,
  lookup: LookupFunction,
  limits: Limits,
): Promise<Result<Answered, Trouble>> =>
  new Promise((resolve) => {
    const isSecure = url.protocol === 'https:'
    const outgoing = (isSecure ? httpsRequest : httpRequest)(url, {
      method: 'POST',
      agent: false,
      lookup,
      rejectUnauthorized: true,
      headers: {
        ...headers,
        'user-agent': 'countersign-webhooks',
        'content-length': Buffer.byteLength(body),
        connection: 'close',
      },
    })
    const phase = following(outgoing, isSecure, limits)
    let answer: IncomingMessage | undefined
    let trouble: Trouble | undefined
    outgoing.on('error', (error) => {
      trouble ??= error instanceof Troubled ? error.trouble : phase.trouble()
    })
    outgoing.on('response', (response) => {
      answer = response
      phase.end()
      leave(response, limits)
    })
    outgoing.on('close', () => {
      phase.end()
      // Whatever happens after the head of an answer changes nothing about it.
      if (answer === undefined) resolve(err(trouble ?? phase.trouble()))
      else resolve(ok({ status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'] }))
    })
    outgoing.end(body)
  })

/** How far a request has come, and so what an error means; ends it when a part takes too long. */
const following = (outgoing: ClientRequest, isSecure: boolean, limits: Limits) => {
  let reached: Trouble = 'connection_failed'
  const giveUp = () => outgoing.destroy(new Troubled('timed_out'))
  const connecting = setTimeout(giveUp, limits.connectMilliseconds)
  const answering = setTimeout(giveUp, limits.answerMilliseconds)
  const connected = () => {
    clearTimeout(connecting)
    reached = 'connection_broken'
  }
  const end = () => {
    clearTimeout(connecting)
    clearTimeout(answering)
  }
  outgoing.on('socket', (socket) => {
    socket.once('connect', () => {
      if (isSecure) reached = 'tls_failed'
      else connected()
    })
    socket.once('secureConnect', connected)
  })
  return { trouble: () => reached, end }
}

/** Reads a little of the body, so that a receiver is not cut off in the middle of a word, and no more. */
const leave = (response: IncomingMessage, { bodyMilliseconds }: Limits): void => {
  let bytes = 0
  const cut = () => response.destroy()
  const timer = setTimeout(cut, bodyMilliseconds)
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > LARGEST_BODY_BYTES) cut()
  })
  response.on('error', () => {})
  response.on('close', () => clearTimeout(timer))
}
