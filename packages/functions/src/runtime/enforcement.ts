import type { Ledger } from '@countersign/core/ledger'
import type { Api } from '@countersign/core/registry'
import type { Token } from '@countersign/core/token'

/**
 * RFC 3339: the instant from which no gateway accepts a revoked token. Authorizations that start after the revocation
 * refuse it; an Allow that API Gateway cached before lives for the longest cache time of the deployments it opens, those
 * included that were left or got a shorter one a moment ago.
 */
export const enforcedBy = async (ledger: Ledger, token: Token.Token): Promise<string> => {
  const revokedAt = Date.parse(token.revokedAt ?? '')
  const ends = await Promise.all(
    token.grants.map(async ({ apiId, environment }) => {
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
