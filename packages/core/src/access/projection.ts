import type { EventData, EventOf, EventType } from '../events/catalog.ts'
import type { Json } from '../shared/json.ts'
import { lockdownEntry } from '../shared/lockdown-scope.ts'
import { applyWrite, type RegisterWrite, type Row } from '../shared/register.ts'
import type { ProtectedRoute } from '../shared/route.ts'
import { usageKeyOf } from '../shared/usage-key.ts'
import { fence, forgotten, lockdownWrites, setForgotten, setWrites } from './fence-writes.ts'
import {
  type AccessRules,
  type CompiledGrant,
  type ConsumerGrant,
  type ConsumerKeys,
  type ConsumerRefusals,
  consumerRowKey,
  type DeploymentBinding,
  deploymentRowKey,
  shards,
  type TokenGrant,
  type TokenRefusal,
  type TokenSuperseded,
  tokenRowKey,
} from './row.ts'
import { endWrite, identityWrite } from './session-writes.ts'

/** A tombstone outlives the token it refuses by this much, whatever the clocks of the parties say. */
const TOMBSTONE_MARGIN_SECONDS = 86_400

/** An API has fewer versions than this per generation of a deployment, so a later generation always outranks. */
const VERSIONS_PER_GENERATION = 1_000_000

/** The events the read model is made of; all others leave it as it is. */
export const PROJECTED = [
  'token.issued',
  'token.rerolled',
  'token.disabled',
  'token.enabled',
  'token.revoked',
  'consumer.registered',
  'consumer.grants-changed',
  'consumer.secret-rotated',
  'consumer.tokens-revoked',
  'consumer.suspended',
  'consumer.resumed',
  'api.updated',
  'api.deployed',
  'api.deregistered',
  'access-rule.changed',
  'signing-key.compromised',
  'revocation.begun',
  'revocation.completed',
  'lockdown.begun',
  'lockdown.ended',
  'session.started',
  'session.groups-changed',
  'session.ended',
] as const satisfies readonly EventType[]

export type ProjectedEvent = EventOf<(typeof PROJECTED)[number]>

const isProjected = (event: EventOf): event is ProjectedEvent =>
  (PROJECTED as readonly string[]).includes(event.type)

/**
 * What an event does to the read model. Pure, and the only author of rows: the command that takes access away writes
 * its share of these in its own transaction, the projector writes the rest, a rebuild writes them all.
 */
export const project = (event: EventOf): readonly RegisterWrite[] =>
  isProjected(event) ? writesOf(event) : []

/** The share that a command must save together with its events: what takes access away. */
export const refusalsOf = (events: readonly EventOf[]): readonly RegisterWrite[] =>
  events.flatMap(project).filter(({ by }) => by === 'command')

/** The share the projector writes. The fence is written by commands alone, so that an entry can really leave it. */
export const grantsOf = (event: EventOf): readonly RegisterWrite[] =>
  project(event).filter(({ row }) => !row.startsWith('fence#'))

/** The read model as the event log has it. */
export const rebuild = (events: Iterable<EventOf>): ReadonlyMap<string, Row> => {
  const rows = new Map<string, Row>()
  for (const event of events) {
    for (const write of project(event)) rows.set(write.row, applyWrite(rows.get(write.row), write))
  }
  return rows
}

const writesOf = (event: ProjectedEvent): readonly RegisterWrite[] => {
  const rank = event.entityversion
  switch (event.type) {
    case 'token.issued':
      return [tokenWrite(event.data, 'grant', rank, grantFrom(event.data), 'projector')]
    case 'token.rerolled':
      return [tokenWrite(event.data, 'superseded', rank, supersededFrom(event.data), 'command')]
    case 'token.disabled':
      return [refusal(event.data, rank, { why: 'disabled', since: event.data.disabledAt }, 'command')]
    case 'token.revoked':
      return [refusal(event.data, rank, { why: 'revoked', since: event.data.revokedAt }, 'command')]
    case 'token.enabled':
      return [refusal(event.data, rank, null, 'projector')]
    case 'consumer.registered':
      return event.data.selfSigning
        ? [consumerWrite(event.data, 'grant', rank, noGrantsFrom(event.data))]
        : []
    case 'consumer.grants-changed':
      return [consumerWrite(event.data, 'grant', rank, consumerGrantFrom(event.data))]
    case 'consumer.secret-rotated':
      return [consumerWrite(event.data, 'keys', rank, consumerKeysFrom(event.data))]
    case 'consumer.tokens-revoked':
      return consumerRefusals(event.data, rank)
    case 'consumer.suspended':
      return fence(`consumer#${event.data.consumerId}`, rank, { since: event.data.suspendedAt })
    case 'consumer.resumed':
      return fence(`consumer#${event.data.consumerId}`, rank, null)
    case 'signing-key.compromised':
      return fence(`kid#${event.data.kid}`, rank, { since: event.data.compromisedAt })
    case 'revocation.begun':
      return setWrites(event.data, rank)
    case 'revocation.completed':
      return setForgotten(event.data, rank)
    case 'lockdown.begun':
      return lockdownWrites(event.data, rank)
    case 'lockdown.ended':
      return forgotten(lockdownEntry(event.data), rank)
    case 'api.updated':
      return event.data.deployments.flatMap((deployment) => bind(event.data, deployment, rank, 'command'))
    case 'api.deployed':
      return [
        ...bind(event.data, event.data.deployment, rank, 'projector'),
        ...rule(event.data.deployment, rank, event.data.rules, 'projector'),
        ...(event.data.replaced ? unbind(event.data.replaced, rank) : []),
      ]
    case 'api.deregistered':
      return event.data.deployments.flatMap((deployment) => unbind(deployment, rank))
    case 'session.started':
    case 'session.groups-changed':
      return [identityWrite(event.data, rank)]
    case 'session.ended':
      return [endWrite(event.data, rank)]
    case 'access-rule.changed':
      return event.data.deployment ? rule(event.data.deployment, rank, event.data.rules, 'command') : []
  }
}

type Writer = RegisterWrite['by']
type Deployment = EventData<'api.deployed'>['deployment']

const secondsOf = (instant: string): number => Math.floor(Date.parse(instant) / 1_000)

const tokenWrite = (
  token: { readonly tokenId: string; readonly expiresAt: string },
  register: string,
  rank: number,
  value: object | null,
  by: Writer,
): RegisterWrite => ({
  row: tokenRowKey(token.tokenId),
  register,
  rank,
  value: value as Json,
  by,
  sweepAfter: secondsOf(token.expiresAt) + TOMBSTONE_MARGIN_SECONDS,
})

const refusal = (
  token: { readonly tokenId: string; readonly expiresAt: string },
  rank: number,
  value: TokenRefusal | null,
  by: Writer,
) => tokenWrite(token, 'refusal', rank, value, by)

const grantFrom = (data: EventData<'token.issued'>): TokenGrant => ({
  consumerId: data.consumerId,
  consumer: data.consumer,
  kid: data.kid,
  issuedAt: secondsOf(data.issuedAt),
  expiresAt: secondsOf(data.expiresAt),
  grants: data.grants.map((grant) => compiledGrant(grant, data.consumerId)),
})

/** Without a grace the end has come on every clock: an authorizer's may be behind the one that said so. */
const supersededFrom = ({ until, rerolledAt }: EventData<'token.rerolled'>): TokenSuperseded => ({
  until: Date.parse(until) > Date.parse(rerolledAt) ? secondsOf(until) : 0,
})

const compiledGrant = (
  { apiId, environment, routes, usagePlan }: EventData<'token.issued'>['grants'][number],
  consumerId: TokenGrant['consumerId'],
): CompiledGrant => ({
  apiId,
  environment,
  routes,
  ...(usagePlan && { usageKey: usageKeyOf(usagePlan.planId, consumerId) }),
})

/** All of a consumer's own row is written by the command: it is small, and most of what changes in it takes away. */
const consumerWrite = (
  { consumerId }: { readonly consumerId: string },
  register: string,
  rank: number,
  value: object,
): RegisterWrite => ({ row: consumerRowKey(consumerId), register, rank, value: value as Json, by: 'command' })

const noGrantsFrom = ({ name, selfSigning }: EventData<'consumer.registered'>): ConsumerGrant => ({
  consumer: name,
  longestTokenSeconds: selfSigning?.longestTokenSeconds ?? 0,
  grants: [],
})

const consumerGrantFrom = ({
  consumer,
  grants,
  longestTokenSeconds,
}: EventData<'consumer.grants-changed'>): ConsumerGrant => ({
  consumer,
  longestTokenSeconds,
  grants: grants.map(({ apiId, environment, routes }): CompiledGrant => ({ apiId, environment, routes })),
})

const consumerKeysFrom = ({ accepted }: EventData<'consumer.secret-rotated'>): ConsumerKeys => ({
  accepted: accepted.map(({ kid, until }) => ({
    kid,
    ...(until !== undefined && { until: secondsOf(until) }),
  })),
})

const consumerRefusals = (
  data: EventData<'consumer.tokens-revoked'>,
  rank: number,
): readonly RegisterWrite[] => {
  const { consumerId, refused, issuedBefore, revokedAt: since } = data
  const tokens: ConsumerRefusals = { tokens: refused.map(({ tokenId }) => tokenId) }
  const before = issuedBefore === undefined ? undefined : { since, before: secondsOf(issuedBefore) }
  return [
    consumerWrite(data, 'refused', rank, tokens),
    ...(before ? fence(`issued-before#${consumerId}`, rank, before) : []),
  ]
}

const rankOf = ({ generation }: Deployment, version: number) => generation * VERSIONS_PER_GENERATION + version

const deploymentWrites = (
  deployment: Deployment,
  version: number,
  register: 'binding' | 'rules',
  value: DeploymentBinding | AccessRules | null,
  by: Writer,
): readonly RegisterWrite[] =>
  shards.map((shard) => ({
    row: deploymentRowKey(deployment.coordinates, shard),
    register,
    rank: rankOf(deployment, version),
    value: value as Json,
    by,
  }))

const bind = (
  {
    apiId,
    name,
    routes,
  }: { apiId: DeploymentBinding['apiId']; name: string; routes: readonly ProtectedRoute[] },
  deployment: Deployment,
  version: number,
  by: Writer,
) => {
  const { environment, authorizerCacheTtlSeconds } = deployment
  return deploymentWrites(
    deployment,
    version,
    'binding',
    { apiId, api: name, environment, routes, authorizerCacheTtlSeconds },
    by,
  )
}

/** Whole, so that what one rule gave and the next does not name is gone in the command's own transaction. */
const rule = (
  deployment: Deployment,
  version: number,
  rules: AccessRules['rules'] = [],
  by: Writer,
): readonly RegisterWrite[] => deploymentWrites(deployment, version, 'rules', { rules }, by)

const unbind = (deployment: Deployment, version: number) => [
  ...deploymentWrites(deployment, version, 'binding', null, 'command'),
  ...deploymentWrites(deployment, version, 'rules', null, 'command'),
]
