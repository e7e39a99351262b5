import type { ConsumerKeyRings, KeyRingStore } from '@countersign/core/signing-key'
import type { Connector } from '../connected.ts'
import { lazily, once } from '../lazily.ts'
import type { Environment } from '../services.ts'
import { Name, variable } from '../variables.ts'

const ringIn = async (secret: string) => {
  const { secretsManagerKeyRing } = await import('@countersign/aws/secrets-manager-key-ring')
  return (environment: Environment): KeyRingStore =>
    lazily(() => secretsManagerKeyRing({ secret: variable(environment, secret, Name) }))
}

export const keyRing: Connector<KeyRingStore> = () => ringIn('KEY_RING_SECRET')
export const sealKeys: Connector<KeyRingStore> = () => ringIn('SEAL_KEYS_SECRET')

export const consumerKeyRings: Connector<ConsumerKeyRings> = async () => {
  const { secretsManagerConsumerKeyRings } = await import('@countersign/aws/secrets-manager-key-ring')
  return (environment) => {
    const prefix = () => variable(environment, 'CONSUMER_KEYS_PREFIX', Name)
    const rings = once(() => secretsManagerConsumerKeyRings({ prefix: prefix() }))
    return (consumerId) => rings()(consumerId)
  }
}
