import type { Seal } from '@countersign/core/audit'
import type { ConsumerState, SelfSigning } from '@countersign/core/consumer'
import type { Api, Deployment } from '@countersign/core/registry'
import { formatRoute, instantOf } from '@countersign/core/shared'
import type { KeyDescription } from '@countersign/core/signing-key'
import type { Grant } from '@countersign/core/token'
import * as Token from '@countersign/core/token/module'

type TokenState = Token.Token

/** What the HTTP API shows of a token; the signed token is never among it. */
export const tokenView = (token: TokenState, now: Date, lastUsedAt?: string) => {
  const { id, consumerId, consumer, grants, status: _, createdAt: __, remindedDays: ___, ...rest } = token
  return {
    id,
    state: Token.stateAt(token, now),
    consumer: consumerId,
    consumerName: consumer,
    grants: grants.map(grantView),
    ...rest,
    ...(lastUsedAt !== undefined && { lastUsedAt }),
  }
}

const grantView = ({ apiId, api, environment, routes, usagePlan }: Grant) => ({
  api,
  apiId,
  environment,
  routes: routes.map(formatRoute),
  ...(usagePlan && { usagePlan: usagePlan.name }),
})

const selfSigningView = ({ longestTokenSeconds, grants, keys, refused, requested }: SelfSigning) => ({
  longestTokenSeconds,
  grants: grants.map(grantView),
  keys,
  refused,
  ...(requested && { requested: { ...requested, grants: requested.grants.map(grantView) } }),
})

export const consumerView = (consumer: ConsumerState) => {
  const { id, name, type, owner, status, registeredAt, issuedBefore, selfSigning } = consumer
  return {
    id,
    name,
    type,
    owner,
    status,
    registeredAt,
    ...(issuedBefore !== undefined && { issuedBefore }),
    ...(selfSigning && { selfSigning: selfSigningView(selfSigning) }),
  }
}

export const deploymentView = ({ environment, coordinates, authorizerCacheTtlSeconds }: Deployment) => ({
  environment,
  ...coordinates,
  authorizerCacheTtlSeconds,
})

export const apiView = ({
  id,
  name,
  owner,
  description,
  routes,
  deployments,
  accessRules = [],
  status,
  registeredAt,
}: Api) => ({
  id,
  name,
  owner,
  ...(description !== undefined && { description }),
  routes,
  deployments: deployments.map(deploymentView),
  accessRules: accessRules.map(({ environment, rules }) => ({
    environment,
    rules: rules.map(({ group, routes }) => ({ group, routes: routes.map(formatRoute) })),
  })),
  status,
  registeredAt,
})

export const sealView = ({ sealId, parts: _, ...seal }: Seal) => ({ id: sealId, ...seal })

export const keyView = ({ createdAt, signsFrom, verifiesUntil, ...key }: KeyDescription) => ({
  ...key,
  createdAt: instantOf(createdAt),
  signsFrom: instantOf(signsFrom),
  verifiesUntil: verifiesUntil === undefined ? null : instantOf(verifiesUntil),
})
