import type { Ledger } from '@countersign/core/ledger'
import type { Api } from '@countersign/core/registry'
import type { Token } from '@countersign/core/token'

/**
 * RFC 3339: the instant from which no gateway accepts a revoked token. Authorizations that start after the revocation
 * refuse it; an Allow that API Gateway cached before lives for the longest cache time of the deployments it opens.
 */
export const enforcedBy = async (ledger: Ledger, token: Token.Token): Promise<string> => {
  const caches = await Promise.all(
    token.grants.map(async ({ apiId, environment }) => {
      const { state } = await ledger.load<Api>('api', apiId)
      const deployments = state?.deployments.filter((one) => one.environment === environment) ?? []
      return Math.max(0, ...deployments.map((one) => one.authorizerCacheTtlSeconds))
    }),
  )
  const revokedAt = Date.parse(token.revokedAt ?? '')
  return new Date(revokedAt + Math.max(0, ...caches) * 1_000).toISOString()
}
