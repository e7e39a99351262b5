import type { ConsumerState } from '@countersign/core/consumer'
import type { Ledger } from '@countersign/core/ledger'
import type { Api } from '@countersign/core/registry'
import type { RevocationTarget } from '@countersign/core/revocation'
import type { Grant, Token } from '@countersign/core/token'
import { loadConsumer } from './entities.ts'

/**
 * RFC 3339: the instant from which no gateway accepts a revoked token. Authorizations that start after the revocation
 * refuse it; an Allow that API Gateway cached before lives for the longest cache time of the deployments it opens, those
 * included that were left or got a shorter one a moment ago.
 */
export const enforcedBy = (ledger: Ledger, token: Token.Token): Promise<string> =>
  cachesEnd(ledger, token.grants, Date.parse(token.revokedAt ?? ''))

/** The same for a token whose successor has taken its place. */
export const supersededBy = (ledger: Ledger, token: Token.Token): Promise<string> =>
  cachesEnd(ledger, token.grants, Date.parse(token.endsAt ?? ''))

const PAGE = 200

/** The same for everything of one consumer: what it signs itself, and what the platform issued to it. */
export const enforcedForConsumer = async (
  ledger: Ledger,
  { id, selfSigning }: ConsumerState,
  revokedAt: Date,
): Promise<string> => {
  const grants: Grant[] = [...(selfSigning?.grants ?? [])]
  let after: string | undefined
  do {
    const page = await ledger.list<Token.Token>('token', { labels: [`consumer=${id}`], limit: PAGE, after })
    grants.push(...page.items.flatMap(({ state }) => state.grants))
    after = page.next
  } while (after !== undefined)
  const distinct = new Map(grants.map((grant) => [`${grant.apiId} ${grant.environment}`, grant]))
  return cachesEnd(ledger, [...distinct.values()], revokedAt.getTime())
}

/** The same for a set of tokens: caches of every API, or of the one that it is about. */
export const enforcedForTarget = async (
  ledger: Ledger,
  target: RevocationTarget,
  revokedAt: Date,
): Promise<string> => {
  const consumer = target.startsWith('con_') ? (await loadConsumer(ledger, target)).state : undefined
  if (consumer) return enforcedForConsumer(ledger, consumer, revokedAt)
  return enforcedInScope(ledger, target.startsWith('api_') ? { apiId: target } : {}, revokedAt)
}

/** The same for everybody: everywhere, or at an API, in an environment, or at one in the other. */
export const enforcedInScope = async (
  ledger: Ledger,
  { apiId, environment }: { readonly apiId?: string | undefined; readonly environment?: string | undefined },
  revokedAt: Date,
): Promise<string> => {
  const ends: number[] = []
  let after: string | undefined
  do {
    const page = await ledger.list<Api>('api', { labels: [], limit: PAGE, after })
    const asked = page.items.filter(({ id }) => apiId === undefined || id === apiId)
    ends.push(...asked.flatMap(({ state }) => everyCacheEnds(state, revokedAt.getTime(), environment)))
    after = page.next
  } while (after !== undefined)
  return new Date(ends.reduce((latest, end) => Math.max(latest, end), revokedAt.getTime())).toISOString()
}

const everyCacheEnds = (api: Api, revokedAt: number, only: string | undefined): readonly number[] => {
  const places = [...api.deployments, ...(api.formerCaches ?? [])]
  const environments = new Set(places.map(({ environment }) => environment))
  return [...environments]
    .filter((environment) => only === undefined || environment === only)
    .flatMap((environment) => cacheEnds(api, environment, revokedAt))
}

const cachesEnd = async (ledger: Ledger, grants: readonly Grant[], revokedAt: number): Promise<string> => {
  const ends = await Promise.all(
    grants.map(async ({ apiId, environment }) => {
      const { state } = await ledger.load<Api>('api', apiId)
      return cacheEnds(state, environment, revokedAt)
    }),
  )
  return new Date(Math.max(revokedAt, ...ends.flat())).toISOString()
}

const cacheEnds = (api: Api | undefined, environment: string, revokedAt: number): readonly number[] => {
  const here = (one: { readonly environment: string }) => one.environment === environment
  return [
    ...(api?.deployments ?? []).filter(here).map((one) => revokedAt + one.authorizerCacheTtlSeconds * 1_000),
    ...(api?.formerCaches ?? []).filter(here).map(({ until }) => Date.parse(until)),
  ]
}
