import type { Coordinates } from '../shared/coordinates.ts'
import type { Api } from './api.ts'

/** Whose API Gateway: an account in one region. */
export type CallerAccount = Pick<Coordinates, 'accountId' | 'region'>

/**
 * Which accounts' API Gateways may call the authorizer. The account is the unit, not the gateway: Lambda keeps the whole
 * list in one policy of at most 20 KB, which is some fifty statements.
 */
export interface AuthorizerCallers {
  /** Lets every API Gateway of the account in; nothing happens when it is already. Throws when the list is full. */
  admit(account: CallerAccount): Promise<void>
  /** Takes that back; nothing happens when it was not so. */
  dismiss(account: CallerAccount): Promise<void>
}

export const callerAccountOf = ({ accountId, region }: CallerAccount): CallerAccount => ({
  accountId,
  region,
})

/** `eu-west-2-111111111111`: one name for one account, made of letters, digits and hyphens. */
export const callerNameOf = ({ accountId, region }: CallerAccount): string => `${region}-${accountId}`

/** Does an API live there today? */
export const livesIn = (
  { status, deployments }: Pick<Api, 'status' | 'deployments'>,
  account: CallerAccount,
) =>
  status === 'registered' &&
  deployments.some(({ coordinates }) => callerNameOf(coordinates) === callerNameOf(account))
