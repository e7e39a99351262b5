import { ALGORITHMS, DEFAULT_ALGORITHM } from '@countersign/core/shared'
import * as SigningKey from '@countersign/core/signing-key/module'
import * as z from 'zod'
import type { Connector } from '../connected.ts'
import type { Settings } from '../services.ts'
import { Name, Seconds, variable } from '../variables.ts'

/** Of the keys that rotations make; those of the ring stay what they are. */
const signingAlgorithm = () =>
  z
    .enum(ALGORITHMS)
    .refine(SigningKey.isAvailable, 'this Node cannot sign with it; ML-DSA-44 needs Node 24.7 or later')
    .default(DEFAULT_ALGORITHM)

export const settings: Connector<Settings> = async () => (environment) => ({
  get issuer() {
    return variable(environment, 'ISSUER', Name)
  },
  get ringRefreshSeconds() {
    return variable(environment, 'RING_REFRESH_SECONDS', Seconds)
  },
  get signingAlgorithm() {
    return variable(environment, 'SIGNING_ALGORITHM', signingAlgorithm())
  },
})
