/** `sha-256:` and unpadded base64url, as every hash of the platform is written. */
export const namedDigest = (hash: Uint8Array): string => `sha-256:${Buffer.from(hash).toString('base64url')}`

export const digestBytes = (named: string): Buffer => Buffer.from(named.slice('sha-256:'.length), 'base64url')

export const isDigest = (value: unknown): value is string =>
  typeof value === 'string' && /^sha-256:[\w-]{43}$/.test(value) && namedDigest(digestBytes(value)) === value
