import { describe, expect, it } from 'vitest'
import { instantOf } from '../shared/duration.ts'
import { Redacted } from '../shared/redacted.ts'
import type { KeyRing } from './ring.ts'
import { evolveSealKeys, NO_SEAL_KEYS, unsaidSealKeys } from './seal-key-log.ts'

const secret = new Redacted('private')
const times = { createdAt: 1_000, signsFrom: 1_120 }
const ring: KeyRing = {
  keys: [
    { kid: 'key_1', algorithm: 'EdDSA', secret, publicKey: 'AQ', ...times },
    { kid: 'key_2', algorithm: 'HS512', secret, ...times },
    { kid: 'key_3', algorithm: 'EdDSA', secret, publicKey: 'Ag', ...times },
  ],
}

describe('the log of the keys that seal', () => {
  it('is told of each that has a public half, with its digest and with its times, and of nothing private', () => {
    const facts = unsaidSealKeys(NO_SEAL_KEYS, ring)
    expect(facts).toEqual(
      [
        ['key_1', 'sha-256:S_USLzRFVMU73i67jNK349FgCtYxw4Wl18ziPHeFRZo'],
        ['key_3', 'sha-256:28G0yQD_5I1XW12lxjgEASX2XbD-PiRJS3bqmGRX2YY'],
      ].map(([kid, digest]) => ({
        type: 'seal-key.created',
        data: {
          ...{ kid, algorithm: 'EdDSA', digest },
          ...{ createdAt: instantOf(1_000), signsFrom: instantOf(1_120) },
        },
      })),
    )
  })

  it('is told once, whatever else it is told of', () => {
    const [first, second] = unsaidSealKeys(NO_SEAL_KEYS, ring)
    const failed = {
      type: 'seal-key.rotation-failed',
      data: { rotationId: 'r', step: 's', reason: 'x' },
    } as const
    const log = [failed, ...(first ? [first] : [])].reduce(evolveSealKeys, NO_SEAL_KEYS)
    expect(log).toEqual({ kids: ['key_1'] })
    expect(unsaidSealKeys(log, ring)).toEqual([second])
    expect(unsaidSealKeys(second ? evolveSealKeys(log, second) : log, ring)).toEqual([])
  })
})
