import { createHash, generateKeyPair, type JsonWebKey, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'

export interface IdTokenKey {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly jwk: JsonWebKey
}

const generate = promisify(generateKeyPair)

/** RS256, as Google signs; made when it is first needed and gone with the process, as every ID token is soon. */
export const idTokenKey = (): (() => Promise<IdTokenKey>) => {
  let made: Promise<IdTokenKey> | undefined
  return () => {
    made ??= makeKey().catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }
}

const makeKey = async (): Promise<IdTokenKey> => {
  const { privateKey, publicKey } = await generate('rsa', { modulusLength: 2_048 })
  const jwk = publicKey.export({ format: 'jwk' })
  const kid = createHash('sha256').update(JSON.stringify(jwk)).digest('base64url').slice(0, 16)
  return { kid, privateKey, jwk: { ...jwk, kid, alg: 'RS256', use: 'sig' } }
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export const signIdToken = ({ kid, privateKey }: IdTokenKey, claims: object): string => {
  const signed = `${part({ alg: 'RS256', kid, typ: 'JWT' })}.${part(claims)}`
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), privateKey).toString('base64url')}`
}
