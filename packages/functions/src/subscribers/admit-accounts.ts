import type { EventData } from '@countersign/core/events'
import type { Ledger } from '@countersign/core/ledger'
import type { Api, CallerAccount } from '@countersign/core/registry'
import * as Registry from '@countersign/core/registry/module'
import { authorizerCallers } from '../runtime/connectors/authorizer-callers.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { type EventFor, subscriber } from '../runtime/subscriber.ts'

type Needs = Pick<Services, 'ledger' | 'authorizerCallers' | 'log'>

/** Lets the API Gateways of an account call the authorizer as long as an API lives there. */
export const make = (services: Needs) =>
  subscriber('AdmitAccounts', services, async (event) => {
    for (const account of accountsOf(event)) await settle(services, event.data.apiId, account)
  })

export const handler = lambda(make, { authorizerCallers, ledger })

/** Each account that an event speaks of, once. */
const accountsOf = (event: EventFor<'AdmitAccounts'>): readonly CallerAccount[] => {
  const accounts = deploymentsIn(event).map(({ coordinates }) => Registry.callerAccountOf(coordinates))
  return [...new Map(accounts.map((account) => [Registry.callerNameOf(account), account])).values()]
}

const deploymentsIn = (event: EventFor<'AdmitAccounts'>): EventData<'api.updated'>['deployments'] => {
  if (event.type !== 'api.deployed') return event.data.deployments
  const { deployment, replaced } = event.data
  return replaced ? [deployment, replaced] : [deployment]
}

/**
 * What the registry says counts, not the event: events come late, twice and in any order. Whoever deploys there while the
 * account is dismissed finds it admitted still and leaves it at that, so the registry is asked once more afterwards.
 */
const settle = async (
  { ledger, authorizerCallers }: Needs,
  apiId: string,
  account: CallerAccount,
): Promise<void> => {
  if (await isLivedIn(ledger, apiId, account)) return authorizerCallers.admit(account)
  await authorizerCallers.dismiss(account)
  if (await isLivedIn(ledger, apiId, account)) await authorizerCallers.admit(account)
}

/** The event's own API is read as it is now; a list may be a moment old. */
const isLivedIn = async (ledger: Ledger, apiId: string, account: CallerAccount): Promise<boolean> => {
  const own = (await ledger.load<Api>('api', apiId)).state
  if (own && Registry.livesIn(own, account)) return true
  const query = { labels: ['status=registered'], limit: 100 }
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await ledger.list<Api>('api', { ...query, after })
    if (page.items.some(({ state }) => Registry.livesIn(state, account))) return true
    after = page.next
  }
  return false
}
