import { readFileSync } from 'node:fs'
import { type LocalCredential, parseCredentials } from '@countersign/local/gateway'
import { platformOnThisMachine, type Scene } from '../scene.ts'

/** A platform on this machine with everything that lets somebody in. */
export interface TourScene extends Scene {
  readonly api: string
  /** This machine's OpenID provider. */
  readonly issuer: string
  /** Signs requests to `iam` routes. */
  readonly accessKey: LocalCredential
}

/** `EdDSA`: a platform whose tokens anybody can verify with its public keys. */
export const tourOnThisMachine = async (
  signingAlgorithm: 'HS512' | 'EdDSA' = 'HS512',
): Promise<TourScene> => {
  const { scene, platform } = await platformOnThisMachine({ signingAlgorithm })
  const [accessKey] = parseCredentials(readFileSync(platform.awsCredentialsFile, 'utf8')) ?? []
  if (!accessKey) throw new Error(`${platform.awsCredentialsFile} holds no access keys`)
  return { ...scene, api: platform.api, issuer: platform.signIn, accessKey }
}
