/** Every identifier carries its kind, so that a log line or a support ticket says what it points at. */
const PREFIXES = {
  api: 'api',
  'api-key': 'apikey',
  consumer: 'con',
  decision: 'dec',
  denial: 'den',
  event: 'evt',
  key: 'key',
  publication: 'pub',
  seal: 'seal',
  'seal-part': 'sealpart',
  session: 'ses',
  token: 'tok',
  'token-use': 'use',
  'usage-plan': 'plan',
  webhook: 'whk',
} as const

export type IdKind = keyof typeof PREFIXES
export type Id<K extends IdKind> = `${(typeof PREFIXES)[K]}_${string}`

/** Where identifiers come from: 128 random bits on AWS and on one machine, a seeded sequence in tests. */
export type NewId = <K extends IdKind>(kind: K) => Id<K>

const BODY = /^[0-9a-z]{1,64}$/

/** The id of `kind` whose body is the hexadecimal of `bytes`. */
export const idFrom = <K extends IdKind>(kind: K, bytes: Uint8Array): Id<K> =>
  `${PREFIXES[kind]}_${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`

export const isId = <K extends IdKind>(kind: K, value: unknown): value is Id<K> =>
  typeof value === 'string' &&
  value.startsWith(`${PREFIXES[kind]}_`) &&
  BODY.test(value.slice(PREFIXES[kind].length + 1))
