import type { Ledger } from '@countersign/core/ledger'
import type { Api } from '@countersign/core/registry'
import { type Coordinates, err, ok, type ProtectedRoute, type Result } from '@countersign/core/shared'
import { findApi } from './entities.ts'
import type { Refusal } from './problem.ts'

/** The deployment a decision is explained for, as an operator names it. */
export type Named =
  | { readonly api: string; readonly environment: string }
  | {
      readonly gatewayId: string
      readonly stage: string
      /** Looked up among the registered deployments unless given. */
      readonly accountId?: string | undefined
      readonly region?: string | undefined
    }

export interface Place {
  readonly coordinates: Coordinates
  /** Undefined where nothing is registered: whoever asks there is refused. */
  readonly api: Pick<Api, 'id' | 'name'> | undefined
  readonly environment: string | undefined
  readonly routes: readonly ProtectedRoute[]
}

export const placeOf = (ledger: Ledger, named: Named): Promise<Result<Place, Refusal>> =>
  'api' in named ? placeOfApi(ledger, named) : placeOfGateway(ledger, named)

const placeOfApi = async (
  ledger: Ledger,
  { api: name, environment }: Extract<Named, { api: string }>,
): Promise<Result<Place, Refusal>> => {
  const api = (await findApi(ledger, name))?.state
  if (!api) return err({ reason: 'api_not_found', status: 400 })
  const deployment = api.deployments.find((one) => one.environment === environment)
  if (deployment) return ok(placeIn(api, deployment))
  const lived = api.deployments.map((one) => one.environment).join(', ') || 'nowhere'
  return err({ reason: 'environment_not_deployed', detail: `it lives in: ${lived}` })
}

type Gateway = Extract<Named, { gatewayId: string }>

/** Gateway ids are found by going through the APIs: this is asked by people, and now and then. */
const placeOfGateway = async (ledger: Ledger, named: Gateway): Promise<Result<Place, Refusal>> => {
  const found: Place[] = []
  for await (const api of registered(ledger))
    for (const deployment of api.deployments)
      if (fits(named, deployment.coordinates)) found.push(placeIn(api, deployment))
  const [only, other] = found
  if (other)
    return err({ reason: 'invalid_request', detail: 'several deployments fit: say accountId and region' })
  if (only) return ok(only)
  const { gatewayId, stage, accountId = '000000000000', region = 'local' } = named
  const coordinates = { accountId, region, gatewayId, stage }
  return ok({ coordinates, api: undefined, environment: undefined, routes: [] })
}

const fits = (named: Gateway, { accountId, region, gatewayId, stage }: Coordinates): boolean =>
  named.gatewayId === gatewayId &&
  named.stage === stage &&
  (named.accountId ?? accountId) === accountId &&
  (named.region ?? region) === region

const placeIn = (api: Api, { coordinates, environment }: Api['deployments'][number]): Place => ({
  coordinates,
  environment,
  api: { id: api.id, name: api.name },
  routes: api.routes,
})

const PAGE = 100

async function* registered(ledger: Ledger): AsyncGenerator<Api> {
  let after: string | undefined
  do {
    const page = await ledger.list<Api>('api', { labels: ['status=registered'], limit: PAGE, after })
    for (const { state } of page.items) yield state
    after = page.next
  } while (after !== undefined)
}
