import type { Claims, CompiledGrant, Opening, Principal } from '@countersign/core/access'

/** What backends are told of the caller: strings, which is all that API Gateway passes on. */
export type AuthorizerContext = Readonly<Record<string, string>>

export const contextOf = (
  claims: Claims,
  opening: Opening | undefined,
  decisionId: string,
): AuthorizerContext => ({
  ...holderOf(claims, opening?.principal),
  environment: opening?.binding.environment ?? '',
  apiId: opening?.binding.apiId ?? '',
  kid: claims.kid,
  decisionId,
})

const holderOf = (claims: Claims, principal: Principal | undefined): AuthorizerContext => {
  if (claims.kind === 'session') return sessionOf(claims, principal)
  const consumer = principal && principal.kind !== 'session' ? principal.grant.consumer : ''
  return {
    tokenId: claims.tokenId,
    consumerId: claims.consumerId,
    consumer,
    ...(claims.kind === 'consumer-signed' && { roles: claims.roles.join(',') }),
  }
}

const sessionOf = (
  { sessionId, subject }: Extract<Claims, { kind: 'session' }>,
  principal: Principal | undefined,
): AuthorizerContext => {
  const { email, groups } = principal?.kind === 'session' ? principal.session : { email: '', groups: [] }
  return { sessionId, subject, email, groups: groups.join(',') }
}

/** Who the caller is, for API Gateway's own logs and metrics. */
export const principalIdOf = (claims: Claims | undefined): string => {
  if (!claims) return 'nobody'
  return claims.kind === 'session'
    ? `${claims.subject}/${claims.sessionId}`
    : `${claims.consumerId}/${claims.tokenId}`
}

/** The usage plan's key, of the grant for the API and the environment that were asked. */
export const usageKeyOf = (opening: Opening | undefined): string | undefined => {
  if (!opening || opening.principal.kind === 'session') return undefined
  const { apiId, environment } = opening.binding
  const here = (grant: CompiledGrant) => grant.apiId === apiId && grant.environment === environment
  return opening.principal.grant.grants.find(here)?.usageKey
}
