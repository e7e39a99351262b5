import { setTimeout } from 'node:timers/promises'
import { Audit } from '@countersign/core/audit'
import { fact, recordFacts } from '@countersign/core/events'
import { readSealKeys } from '@countersign/functions/runtime/seal-keys'
import type { Services } from '@countersign/functions/runtime/services'

/** The newest day that is over for long enough to be sealed. */
export const lastDueDay = (now: Date): string => {
  const yesterday = Audit.dayAfter(Audit.dayOf(now), -1)
  return Audit.isDue(yesterday, now) ? yesterday : Audit.dayAfter(yesterday, -1)
}

/** Registers a consumer as if it had been done at that instant: nobody can move the clock of AWS. Its id. */
export const registeredAt = async (
  { ledger, newId }: Pick<Services, 'ledger' | 'newId'>,
  instant: Date,
): Promise<string> => {
  const consumerId = newId('consumer')
  const described = { name: 'From before', type: 'service', owner: 'history' } as const
  const facts = [fact('consumer.registered', { consumerId, ...described })]
  const cause = { actor: 'history', correlationId: 'history', now: instant }
  const registeredAt = instant.toISOString()
  const change = {
    kind: 'consumer',
    id: consumerId,
    expectedVersion: 0,
    state: { id: consumerId, ...described, status: 'active', registeredAt },
    events: recordFacts(consumerId, { version: 0, head: '' }, facts, cause, newId),
    labels: [],
    createdAt: registeredAt,
  } as const
  const saved = await ledger.commit({ entities: [change] })
  if (!saved.ok) throw new Error(saved.error.reason)
  return consumerId
}

/** Until the platform's first seal key signs: not before those who keep the published keys have had an occasion to see it. */
export const sealKeyReady = async (
  services: Pick<Services, 'sealKeys' | 'settings' | 'clock'>,
): Promise<void> => {
  const [key] = (await readSealKeys(services)).keys
  if (!key) throw new Error('there is no seal key')
  const readyAt = (key.createdAt + services.settings.ringRefreshSeconds) * 1_000
  while (services.clock().getTime() < readyAt) await setTimeout(10)
}
