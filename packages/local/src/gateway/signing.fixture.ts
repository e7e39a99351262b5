import { createHash, createHmac } from 'node:crypto'
import type { Redacted } from '@countersign/core/shared'
import { SignatureV4 } from '@smithy/signature-v4'
import type { GatewayRequest } from './message.ts'
import type { SigningCredential } from './signature.ts'

/** The AWS SDK's own signer over node:crypto. */
class Sha256 {
  #content: Buffer[] = []
  readonly #key: Buffer | undefined

  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.#key = key === undefined ? undefined : bufferOf(key)
  }

  update(chunk: string | ArrayBuffer | ArrayBufferView): void {
    this.#content.push(bufferOf(chunk))
  }

  async digest(): Promise<Uint8Array> {
    const hash = this.#key ? createHmac('sha256', this.#key) : createHash('sha256')
    return hash.update(Buffer.concat(this.#content)).digest()
  }

  reset(): void {
    this.#content = []
  }
}

const bufferOf = (data: string | ArrayBuffer | ArrayBufferView): Buffer => {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data)
}

export interface Signing {
  readonly method?: string
  readonly host?: string
  /** As it goes over the wire. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | string[]>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly now?: Date
  readonly region?: string
  readonly service?: string
  /** A presigned query instead of a header, good for so long. */
  readonly expiresIn?: number
}

export interface Signed {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const revealed = (secret: Redacted<string>): string => secret.reveal()

/** A request as the AWS SDK signs it for API Gateway. */
export const signedBySdk = async (signing: Signing, credential: SigningCredential): Promise<Signed> => {
  const { method = 'GET', host = '127.0.0.1', path, query = {}, headers = {}, body = '' } = signing
  const signer = new SignatureV4({
    service: signing.service ?? 'execute-api',
    region: signing.region ?? 'eu-west-2',
    sha256: Sha256,
    credentials: {
      accessKeyId: credential.accessKeyId,
      secretAccessKey: revealed(credential.secretAccessKey),
      ...(credential.sessionToken && { sessionToken: revealed(credential.sessionToken) }),
    },
  })
  const request = {
    method,
    protocol: 'http:',
    hostname: host,
    path,
    query: { ...query },
    headers: { host, ...headers },
    ...(body !== '' && { body }),
  }
  const signingDate = signing.now ?? new Date()
  const signed =
    signing.expiresIn === undefined
      ? await signer.sign(request, { signingDate })
      : await signer.presign(request, { signingDate, expiresIn: signing.expiresIn })
  return { method, path, query: wireQuery(signed.query ?? {}), headers: signed.headers, body }
}

const wireQuery = (query: Readonly<Record<string, string | readonly string[] | null>>): string =>
  Object.entries(query)
    .flatMap(([name, values]) => [values ?? ''].flat().map((value) => `${escaped(name)}=${escaped(value)}`))
    .join('&')

const escaped = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/** What the gateway makes of it. */
export const receivedOf = ({ method, path, query, headers, body }: Signed): GatewayRequest => ({
  id: 'request',
  method,
  gatewayId: 'abc123',
  stage: 'staging',
  path,
  wirePath: path,
  query,
  headers: Object.entries(headers),
  body: Buffer.from(body),
})
