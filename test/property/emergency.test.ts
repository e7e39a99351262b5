import type { FactOf } from '@countersign/core/events'
import { ALGORITHMS, type Algorithm } from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import { make as compromise } from '@countersign/functions/http/compromise-signing-key'
import { readKeyRing } from '@countersign/functions/runtime/mint'
import { rotateNow } from '@countersign/functions/runtime/rotating'
import type { Services } from '@countersign/functions/runtime/services'
import { make as advance } from '@countersign/functions/schedules/advance-signing-keys'
import { describe, expect, it } from 'vitest'
import { proxied, standStill } from '../acceptance/one-machine.ts'

const NOW = new Date('2026-03-01T12:00:00Z')
const LATER = new Date(NOW.getTime() + 3_600_000)
const COMPROMISE = 'POST /signing-keys/{kid}/compromise'

/** The same ports; from call `at` on nothing happens any more, that one with or without its effect. */
const dying = (services: Services, at: number, effect: boolean) => {
  let calls = 0
  const gone = (): never => {
    throw new Error('the process is gone')
  }
  const mortal = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, member) => {
        const method: unknown = Reflect.get(target, member)
        if (typeof method !== 'function') return method
        return async (...given: unknown[]) => {
          const mine = calls++
          if (mine > at || (mine === at && !effect)) gone()
          const result: unknown = await method.apply(target, given)
          return mine === at ? gone() : result
        }
      },
    })
  return {
    services: { ...services, ledger: mortal(services.ledger), keyRing: mortal(services.keyRing) },
    died: () => calls > at,
  }
}

const begin = async (algorithm: Algorithm, keys: number) => {
  const machine = standStill(NOW)
  const services = {
    ...machine.services,
    settings: { ...machine.services.settings, signingAlgorithm: algorithm },
  }
  for (let count = 0; count < keys; count++)
    await rotateNow(services, `0000000${count}-0000-0000-0000-000000000000`, {
      actor: 'bootstrap',
      correlationId: 'begin',
      now: NOW,
    })
  return { services, close: machine.close }
}

const keyFacts = async (services: Services): Promise<readonly FactOf[]> =>
  (await services.ledger.events({ limit: 100, after: undefined })).items.filter(({ type }) =>
    type.startsWith('signing-key.'),
  ) as unknown as readonly FactOf[]

const kidsOf = async (services: Services, type: string) =>
  (await keyFacts(services))
    .filter((one) => one.type === type)
    .map(({ data }) => (data as { kid: string }).kid)

describe.each(ALGORITHMS.filter(SigningKey.isAvailable))('an emergency, the keys being %s', (algorithm) => {
  it.each([
    ['the only key', 1],
    ['the key that signs', 2],
  ])('for %s is over after the next minute, wherever its process died', async (_, keys) => {
    let deaths = 0
    for (let at = 0, died = true; died; at++) {
      for (const effect of [false, true]) {
        const { services, close } = await begin(algorithm, keys)
        const before = await readKeyRing(services)
        const stolen = SigningKey.signingKey(before, NOW)?.kid ?? ''
        const mortal = dying(services, at, effect)
        await compromise(mortal.services)(proxied(COMPROMISE, { kid: stolen }, {}))
        died = mortal.died()
        if (died) deaths += 1
        const fenced = (await kidsOf(services, 'signing-key.compromised')).length > 0
        const clock = () => LATER
        await advance({ ...services, clock })()
        const ring = await readKeyRing(services)
        const kids = ring.keys.map(({ kid }) => kid)
        expect(kids.includes(stolen as never), `fenced: ${fenced}, died at ${at}`).toBe(!fenced)
        expect(SigningKey.signingKey(ring, LATER)).toBeDefined()
        expect(ring.keys).toHaveLength(before.keys.length)
        expect(new Set(await kidsOf(services, 'signing-key.created'))).toEqual(
          new Set([...before.keys.map(({ kid }) => kid), ...kids]),
        )
        expect((await kidsOf(services, 'signing-key.compromised')).length).toBe(fenced ? 1 : 0)
        // Whoever repeats the command finds it done, or does it now; either way once.
        const again = await compromise({ ...services, clock })(proxied(COMPROMISE, { kid: stolen }, {}))
        expect(again.statusCode).toBe(202)
        expect((await readKeyRing(services)).keys.map(({ kid }) => kid)).not.toContain(stolen)
        expect(await kidsOf(services, 'signing-key.compromised')).toEqual([stolen])
        close()
      }
    }
    expect(deaths).toBeGreaterThan(20)
  })
})
