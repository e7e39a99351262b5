import type { Consumer } from '@countersign/client'
import { facts } from '../table.ts'
import { both } from '../time.ts'
import { opens } from './token-view.ts'

/** Everything there is to know about a consumer, except its keys. */
export const describeConsumer = (consumer: Consumer, now: Date): string => {
  const { id, name, type, owner, status, registeredAt, issuedBefore, selfSigning } = consumer
  return facts({
    id,
    name,
    type,
    owner,
    status,
    registered: both(registeredAt, now),
    'refused if issued before': both(issuedBefore, now),
    ...(selfSigning && {
      signs: `its own tokens, of ${selfSigning.longestTokenSeconds} s at most`,
      opens: selfSigning.grants.map(opens).join('; ') || 'nothing',
      'waits for approval': selfSigning.requested?.grants.map(opens).join('; '),
      keys: selfSigning.keys
        .map(({ kid, until }) => (until === undefined ? kid : `${kid} until ${both(until, now)}`))
        .join(', '),
      'refused tokens': selfSigning.refused.map(({ tokenId }) => tokenId).join(', '),
    }),
  })
}
