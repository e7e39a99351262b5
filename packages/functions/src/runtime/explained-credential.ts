import type { Claims } from '@countersign/core/access'
import type { Ledger } from '@countersign/core/ledger'
import { epochSeconds, type Id, type Redacted } from '@countersign/core/shared'
import * as Token from '@countersign/core/token/module'
import { loadConsumer, loadSession, loadToken } from './entities.ts'

/** What a decision is explained for: a presented token, or the id of one that nobody has at hand. */
export type Explained =
  | { readonly kind: 'presented'; readonly token: Redacted<string> }
  | { readonly kind: 'token'; readonly id: Id<'token'> }
  | { readonly kind: 'session'; readonly id: Id<'session'> }
  /** A token the consumer would sign now, for its longest life, under the name `jti`. */
  | { readonly kind: 'consumer-signed'; readonly id: Id<'consumer'>; readonly jti: string | undefined }

/** What a genuine credential of that id says of itself, and what the ledger knows that the read model may not yet. */
export interface Assumed {
  readonly claims: Claims
  readonly remarks: readonly string[]
}

export const assumedClaims = (
  ledger: Ledger,
  explained: Exclude<Explained, { kind: 'presented' }>,
  now: Date,
): Promise<Assumed> => {
  switch (explained.kind) {
    case 'token':
      return tokenClaims(ledger, explained.id, now)
    case 'session':
      return sessionClaims(ledger, explained.id, now)
    case 'consumer-signed':
      return consumerClaims(ledger, explained.id, explained.jti, now)
  }
}

const secondsOf = (instant: string): number => epochSeconds(new Date(instant))

/** Of what never was: the decision then finds no row, and says so. */
const undated = (now: Date) => ({ kid: '', issuedAt: epochSeconds(now), expiresAt: epochSeconds(now) + 1 })

const tokenClaims = async (ledger: Ledger, tokenId: Id<'token'>, now: Date): Promise<Assumed> => {
  const { state: token } = await loadToken(ledger, tokenId)
  const audience = token?.grants.map(({ apiId }) => apiId) ?? []
  const who = { kind: 'token', tokenId, consumerId: token?.consumerId ?? 'con_', audience } as const
  const remarks = [`The ledger knows this token as ${token ? Token.stateAt(token, now) : 'nothing at all'}.`]
  if (!token || !Token.isIssued(token)) return { claims: { ...who, ...undated(now) }, remarks }
  const [issuedAt, expiresAt] = [secondsOf(token.issuedAt), secondsOf(token.expiresAt)]
  return { claims: { ...who, kid: token.kid, issuedAt, expiresAt }, remarks }
}

const sessionClaims = async (ledger: Ledger, sessionId: Id<'session'>, now: Date): Promise<Assumed> => {
  const { state: session } = await loadSession(ledger, sessionId)
  const who = { kind: 'session', sessionId, subject: session?.subject ?? '', audience: [] } as const
  const remarks = [`The ledger knows this session as ${session?.status ?? 'nothing at all'}.`]
  if (!session) return { claims: { ...who, ...undated(now) }, remarks }
  const [issuedAt, expiresAt] = [secondsOf(session.issuedAt), secondsOf(session.expiresAt)]
  return { claims: { ...who, kid: session.kid, issuedAt, expiresAt }, remarks }
}

/** Of several accepted keys the one that was not replaced: it is what the consumer should sign with. */
const consumerClaims = async (
  ledger: Ledger,
  consumerId: Id<'consumer'>,
  jti: string | undefined,
  now: Date,
): Promise<Assumed> => {
  const { state: consumer } = await loadConsumer(ledger, consumerId)
  const own = consumer?.selfSigning
  const kid = own?.keys.find(({ until }) => until === undefined)?.kid ?? ''
  const { issuedAt } = undated(now)
  const expiresAt = issuedAt + (own?.longestTokenSeconds ?? 1)
  const audience = undefined
  const claims = { kind: 'consumer-signed', consumerId, tokenId: jti ?? '', roles: [], audience } as const
  const known = consumer ? `${consumer.status}${own ? ', signing its own tokens' : ''}` : 'nothing at all'
  return {
    claims: { ...claims, kid, issuedAt, expiresAt },
    remarks: [`The ledger knows this consumer as ${known}.`],
  }
}
