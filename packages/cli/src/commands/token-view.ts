import type { Grant, IssuedToken, Token } from '@countersign/client'
import { facts } from '../table.ts'
import { both, relative } from '../time.ts'

export const opens = ({ api, environment, routes, usagePlan }: Grant): string =>
  `${api} in ${environment}: ${routes.join(', ')}${usagePlan === undefined ? '' : ` (usage plan ${usagePlan})`}`

/** Everything there is to know about a token, except the token. */
export const describeToken = (token: Partial<Token> & Pick<IssuedToken, 'id' | 'state'>, now: Date): string =>
  facts({
    id: token.id,
    state: token.state,
    consumer: [token.consumerName, token.consumer && `(${token.consumer})`].filter(Boolean).join(' '),
    opens: token.grants?.map(opens).join('; '),
    reason: token.reason,
    'requested by': token.requestedBy,
    'approved by': token.approvedBy,
    issued: both(token.issuedAt, now),
    expires: both(token.expiresAt, now),
    'last used': both(token.lastUsedAt, now),
    'refused because': token.refusedBecause?.replaceAll('_', ' '),
    'signing key': token.kid,
    'takes the place of': token.rerolledFrom ?? undefined,
    'has a successor': token.successorId ?? undefined,
    'ends early': both(token.endsAt, now),
    revoked: both(token.revokedAt, now),
    because: token.revocationReason,
  })

export const tokenColumns = (now: Date) => ({
  ID: ({ id }: Token) => id,
  STATE: ({ state }: Token) => state,
  CONSUMER: ({ consumer, consumerName }: Token) => consumerName ?? consumer,
  OPENS: ({ grants }: Token) =>
    grants
      .map(({ api, environment, routes }) => `${api}/${environment} (${counted(routes.length, 'route')})`)
      .join(', '),
  EXPIRES: ({ expiresAt }: Token) => relative(expiresAt, now),
  'LAST USED': ({ lastUsedAt }: Token) => relative(lastUsedAt, now),
})

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
