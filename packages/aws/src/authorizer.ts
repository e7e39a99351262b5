import type { AccessRowReader } from '@countersign/core/access'
import { Redacted, type Row } from '@countersign/core/shared'
import type { ConsumerKeyRingReaders, KeyRingReader } from '@countersign/core/signing-key'
import { type Item, keyOf, rowOf } from './access-item.ts'
import { NO_SUCH_VERSION, ringText } from './ring-text.ts'
import { askTwice, type FetchOptions, type Limits, NotYet, ServiceError } from './signed-fetch.ts'
import type { Credentials } from './sigv4.ts'

export type { FetchOptions } from './signed-fetch.ts'

/** On the path of every request (platform contract §4). */
const ROWS: Limits = { totalMilliseconds: 300, firstMilliseconds: 150 }

/** Asked once in a while, the first time over a new connection. */
const RING: Limits = { totalMilliseconds: 1_500, firstMilliseconds: 700 }

const BATCH_GET_ITEM = {
  service: 'dynamodb',
  target: 'DynamoDB_20120810.BatchGetItem',
  jsonVersion: '1.0',
} as const

const GET_SECRET_VALUE = {
  service: 'secretsmanager',
  target: 'secretsmanager.GetSecretValue',
  jsonVersion: '1.1',
} as const

/** The authorizer's own way to the read model: one `BatchGetItem` over `fetch`, because importing the SDK costs more. */
export const fetchAccessRows = (
  options: FetchOptions & { readonly table: string; readonly limits?: Limits },
): AccessRowReader => ({
  read: async (keys) => {
    const wanted = [...new Set(keys)]
    if (wanted.length === 0) return new Map()
    const Keys = wanted.map((key) => ({ key: { S: key } }))
    const input = { RequestItems: { [options.table]: { Keys, ConsistentRead: true } } }
    return askTwice(options, BATCH_GET_ITEM, input, options.limits ?? ROWS, (answer) =>
      rowsOf(answer as BatchAnswer, options.table),
    )
  },
})

interface BatchAnswer {
  readonly Responses?: Readonly<Record<string, readonly Item[]>>
  readonly UnprocessedKeys?: Readonly<Record<string, unknown>>
}

/** All rows are of one answer: a batch that was answered in part is asked again whole. */
const rowsOf = (answer: BatchAnswer, table: string): ReadonlyMap<string, Row> => {
  if (Object.keys(answer.UnprocessedKeys ?? {}).length > 0) throw new NotYet('keys stayed unprocessed')
  const items = answer.Responses?.[table]
  if (!items) throw new NotYet('the answer does not speak of the table')
  return new Map(items.map((item) => [keyOf(item), rowOf(item)]))
}

/** The authorizer's own way to the key ring. */
export const fetchKeyRing = (
  options: FetchOptions & { readonly secret: string; readonly limits?: Limits },
): KeyRingReader => ({
  current: async () => {
    const input = { SecretId: options.secret, VersionStage: 'AWSCURRENT' }
    try {
      return await askTwice(options, GET_SECRET_VALUE, input, options.limits ?? RING, (answer) =>
        ringText(answer as Parameters<typeof ringText>[0]),
      )
    } catch (error) {
      if (isNoVersion(error)) return undefined
      throw error
    }
  },
})

/** The authorizer's own way to the rings of consumers; none is there before a consumer's first key. */
export const fetchConsumerKeyRings =
  ({
    prefix,
    ...options
  }: FetchOptions & { readonly prefix: string; readonly limits?: Limits }): ConsumerKeyRingReaders =>
  (consumerId) => ({
    current: () =>
      fetchKeyRing({ ...options, secret: `${prefix}${consumerId}` })
        .current()
        .catch((error: unknown) => {
          if (isNoSecret(error)) return undefined
          throw error
        }),
  })

const isNoSecret = (error: unknown): boolean =>
  error instanceof Error &&
  error.cause instanceof ServiceError &&
  error.cause.code === 'ResourceNotFoundException'

const isNoVersion = (error: unknown): boolean =>
  isNoSecret(error) && NO_SUCH_VERSION.test(((error as Error).cause as Error).message)

/** Lambda's credentials, as they stand in the environment at this moment. */
export const environmentCredentials = (
  environment: Readonly<Record<string, string | undefined>>,
): Credentials => {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = environment
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY)
    throw new Error('the environment holds no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: new Redacted(AWS_SECRET_ACCESS_KEY),
    ...(AWS_SESSION_TOKEN && { sessionToken: new Redacted(AWS_SESSION_TOKEN) }),
  }
}
