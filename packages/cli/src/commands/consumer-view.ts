import type { Consumer, OctetKey } from '@countersign/client'
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

/** A secret is shown once: it is the last line of the output. */
export const describeSecret = (secret: OctetKey | undefined): string =>
  secret
    ? `\nThis is the key it signs with, as a JSON Web Key. It is shown once; copy it now:\n${JSON.stringify(secret)}\n`
    : '\nThe key was shown when it was made, and is not shown again.\n'
