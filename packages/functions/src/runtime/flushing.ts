import type { Ledger } from '@countersign/core/ledger'
import type { Api, Deployment } from '@countersign/core/registry'
import { type Coordinates, pathOf } from '@countersign/core/shared'
import type { Grant, Token } from '@countersign/core/token'
import { loadToken } from './entities.ts'
import type { Services } from './services.ts'
import type { EventFor } from './subscriber.ts'

export type FlushServices = Pick<Services, 'ledger' | 'authorizerCaches' | 'clock' | 'log'>

/** By how much the clock of whoever took something away may be ahead of ours. */
const SKEW_MILLISECONDS = 5_000

const PAGE = 100

/**
 * Makes the stages that may keep an answer forget it, after something was taken away. A flush that began later than an event
 * served that event too, so many events cost one flush per stage. Best effort: what it brings is earlier than the
 * time to live, which holds without it.
 */
export const flusher = (services: FlushServices) => {
  const begun = new Map<string, number>()

  const flush = async (stage: Coordinates, since: number): Promise<void> => {
    const name = pathOf(stage)
    if ((begun.get(name) ?? 0) > since + SKEW_MILLISECONDS) return
    const now = services.clock().getTime()
    const flushed = await services.authorizerCaches.flush(stage)
    begun.set(name, now)
    services.log({ level: 'info', message: "an authorizer's cache was flushed", stage: name, flushed })
  }

  return async (event: EventFor<'FlushAuthorizerCaches'>): Promise<void> => {
    for (const stage of await stagesOf(services, event)) await flush(stage, Date.parse(event.time))
  }
}

/** Every stage that may keep an answer which the event makes wrong. */
const stagesOf = async (
  { ledger }: FlushServices,
  event: EventFor<'FlushAuthorizerCaches'>,
): Promise<readonly Coordinates[]> => {
  switch (event.type) {
    case 'token.rerolled': {
      const { tokenId, until } = event.data
      // With a grace there is nothing to forget yet, and at its end the time to live is the bound.
      if (Date.parse(until) > Date.parse(event.time)) return []
      return stagesOfGrants(ledger, (await loadToken(ledger, tokenId)).state)
    }
    case 'token.revoked':
    case 'token.disabled':
      return stagesOfGrants(ledger, (await loadToken(ledger, event.data.tokenId)).state)
    case 'api.updated':
    case 'api.deregistered':
      return keeping(event.data.deployments)
    case 'access-rule.changed':
      return stagesOfApi(ledger, event.data.apiId, event.data.environment)
    default:
      return everyStage(ledger)
  }
}

const stagesOfGrants = async (
  ledger: Ledger,
  token: Token.Token | undefined,
): Promise<readonly Coordinates[]> => {
  const grants: readonly Grant[] = token?.grants ?? []
  const stages = await Promise.all(
    grants.map(({ apiId, environment }) => stagesOfApi(ledger, apiId, environment)),
  )
  return stages.flat()
}

const stagesOfApi = async (
  ledger: Ledger,
  apiId: string,
  environment: string,
): Promise<readonly Coordinates[]> => {
  const deployments = (await ledger.load<Api>('api', apiId)).state?.deployments ?? []
  return keeping(deployments.filter((deployment) => deployment.environment === environment))
}

/** A stage whose time to live was shortened a moment ago forgets by itself: that bound is in the answer of the refusal. */
const keeping = (
  deployments: readonly Pick<Deployment, 'coordinates' | 'authorizerCacheTtlSeconds'>[],
): readonly Coordinates[] =>
  deployments
    .filter(({ authorizerCacheTtlSeconds }) => authorizerCacheTtlSeconds > 0)
    .map(({ coordinates }) => coordinates)

const everyStage = async (ledger: Ledger): Promise<readonly Coordinates[]> => {
  const stages: Coordinates[] = []
  let after: string | undefined
  do {
    const page = await ledger.list<Api>('api', { labels: ['status=registered'], limit: PAGE, after })
    stages.push(...page.items.flatMap(({ state }) => keeping(state.deployments)))
    after = page.next
  } while (after !== undefined)
  return stages
}
