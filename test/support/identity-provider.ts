import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

type Claims = Readonly<Record<string, unknown>>

export interface Signing {
  readonly algorithm?: 'RS256' | 'ES256' | 'PS256'
  /** A `kid` that was never published. */
  readonly kid?: string
  /** A key that was never published, under the `kid` of one that was. */
  readonly stranger?: boolean
}

/** An identity provider as far as others see it: it publishes keys and signs whatever a test wants it to say. */
export interface IdentityProvider {
  readonly issuer: string
  readonly jwksUrl: string
  idToken(claims: Claims, signing?: Signing): Promise<string>
  /** How often its keys were asked for. */
  readonly asked: () => number
  /** Whether it answers. */
  answers(yes: boolean): void
  close(): Promise<void>
}

const ALGORITHMS = ['RS256', 'ES256', 'PS256'] as const

export const startIdentityProvider = async (): Promise<IdentityProvider> => {
  const made = await Promise.all(
    ALGORITHMS.map(async (algorithm) => {
      const { publicKey, privateKey } = await generateKeyPair(algorithm)
      const jwk = { ...(await exportJWK(publicKey)), kid: `key-${algorithm}`, alg: algorithm, use: 'sig' }
      return [algorithm, { privateKey, jwk }] as const
    }),
  )
  const keys = new Map(made)
  const stranger = await generateKeyPair('RS256')
  let asked = 0
  let answering = true
  const server = createServer((_: IncomingMessage, response: ServerResponse) => {
    asked += 1
    response.writeHead(answering ? 200 : 503, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ keys: [...keys.values()].map(({ jwk }) => jwk) }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  return {
    issuer,
    jwksUrl: `${issuer}/keys`,
    idToken: async (claims, { algorithm = 'RS256', kid, stranger: isStranger = false } = {}) => {
      const key = isStranger ? stranger.privateKey : keys.get(algorithm)?.privateKey
      if (!key) throw new Error(`there is no key for ${algorithm}`)
      return new SignJWT(claims)
        .setProtectedHeader({ alg: algorithm, kid: kid ?? `key-${algorithm}` })
        .sign(key)
    },
    asked: () => asked,
    answers: (yes) => {
      answering = yes
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
