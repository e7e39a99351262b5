import * as Access from '@countersign/core/access/module'
import type { Cause, FactOf } from '@countersign/core/events'
import * as SigningKey from '@countersign/core/signing-key/module'
import { change } from './command.ts'
import { keyLogShape, loadKeyLog } from './entities.ts'
import { readKeyRing } from './mint.ts'
import type { Services } from './services.ts'

type KeyFact = Parameters<typeof SigningKey.evolve>[1]
type LogServices = Pick<Services, 'ledger' | 'keyRing' | 'newId'>

const ATTEMPTS = 10

/** Writes the facts that the ring implies and the log lacks, and those given; whoever is slower finds nothing left to say. */
export const recordKeyFacts = async (
  services: LogServices,
  cause: Cause,
  more: (log: SigningKey.KeyLog) => readonly KeyFact[] = () => [],
): Promise<readonly FactOf[]> => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const ring = await readKeyRing(services)
    const loaded = await loadKeyLog(services.ledger)
    const log = loaded.state ?? SigningKey.NO_KEYS
    const facts = [...SigningKey.unsaidFacts(log, ring, cause.now), ...more(log)]
    if (facts.length === 0) return []
    const { changes } = change(keyLogShape, SigningKey.KEY_RING_ID, loaded, facts, {
      cause,
      newId: services.newId,
    })
    const access = Access.refusalsOf(changes.flatMap(({ events }) => events))
    const saved = await services.ledger.commit({ entities: changes, access })
    if (saved.ok) return facts
  }
  throw new Error('the log of the key ring changed under every attempt to write to it')
}
