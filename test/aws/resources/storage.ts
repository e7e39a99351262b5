import { readFile } from 'node:fs/promises'
import { type Creator, creator, given, randomText } from './creator.ts'

interface Index {
  readonly name: string
  readonly hashKey?: string
  readonly rangeKey?: string
  readonly keySchemas?: readonly { readonly attributeName: string; readonly keyType: string }[]
  readonly projectionType: string
}

const keysOf = ({ hashKey, rangeKey, keySchemas }: Partial<Index>) =>
  keySchemas?.map(({ attributeName, keyType }) => ({ AttributeName: attributeName, KeyType: keyType })) ?? [
    { AttributeName: hashKey, KeyType: 'HASH' },
    ...(rangeKey ? [{ AttributeName: rangeKey, KeyType: 'RANGE' }] : []),
  ]

const indexOf = (index: Index) => ({
  IndexName: index.name,
  KeySchema: keysOf(index),
  Projection: { ProjectionType: index.projectionType },
})

interface Table {
  readonly name: string
  readonly hashKey: string
  readonly rangeKey?: string
  readonly attributes: readonly { readonly name: string; readonly type: string }[]
  readonly billingMode: string
  readonly globalSecondaryIndexes?: readonly Index[]
  readonly streamEnabled?: boolean
  readonly streamViewType?: string
  readonly deletionProtectionEnabled?: boolean
  readonly serverSideEncryption?: { readonly enabled: boolean }
  readonly ttl?: { readonly attributeName: string; readonly enabled: boolean }
  readonly pointInTimeRecovery?: { readonly enabled: boolean }
}

const table = creator<Table>(async (wire, asked) => {
  const indexes = asked.globalSecondaryIndexes?.map(indexOf) ?? []
  const made = await wire.target(
    'dynamodb',
    'CreateTable',
    given({
      TableName: asked.name,
      BillingMode: asked.billingMode,
      KeySchema: keysOf(asked),
      AttributeDefinitions: asked.attributes.map(({ name, type }) => ({
        AttributeName: name,
        AttributeType: type,
      })),
      GlobalSecondaryIndexes: indexes.length > 0 ? indexes : undefined,
      StreamSpecification: asked.streamEnabled
        ? { StreamEnabled: true, StreamViewType: asked.streamViewType }
        : undefined,
      SSESpecification: asked.serverSideEncryption && { Enabled: asked.serverSideEncryption.enabled },
      DeletionProtectionEnabled: asked.deletionProtectionEnabled,
    }),
  )
  const { TableArn, LatestStreamArn = '' } = made.TableDescription as Record<string, string>
  const TableName = asked.name
  if (asked.ttl)
    await wire.target('dynamodb', 'UpdateTimeToLive', {
      TableName,
      TimeToLiveSpecification: { AttributeName: asked.ttl.attributeName, Enabled: asked.ttl.enabled },
    })
  if (asked.pointInTimeRecovery)
    await wire.target('dynamodb', 'UpdateContinuousBackups', {
      TableName,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: asked.pointInTimeRecovery.enabled },
    })
  return { id: TableName, arn: TableArn, streamArn: LatestStreamArn }
})

interface Secret {
  readonly namePrefix: string
  readonly description: string
  /** Only of use when it is removed. */
  readonly recoveryWindowInDays: number
}

const secret = creator<Secret>(async (wire, { namePrefix, description, recoveryWindowInDays }) => {
  if (recoveryWindowInDays < 7) throw new Error('Secrets Manager keeps a removed secret for 7 days at least')
  const Name = `${namePrefix}${randomText(8)}`
  const { ARN } = await wire.target('secretsmanager', 'CreateSecret', {
    Name,
    Description: description,
    ClientRequestToken: crypto.randomUUID(),
  })
  return { id: String(ARN), arn: ARN, name: Name }
})

interface Rotation {
  readonly secretId: string
  readonly rotationLambdaArn: string
  readonly rotationRules: { readonly automaticallyAfterDays: number }
  readonly rotateImmediately: boolean
}

const rotation = creator<Rotation>(async (wire, asked) => {
  await wire.target('secretsmanager', 'RotateSecret', {
    SecretId: asked.secretId,
    RotationLambdaARN: asked.rotationLambdaArn,
    RotationRules: { AutomaticallyAfterDays: asked.rotationRules.automaticallyAfterDays },
    RotateImmediately: asked.rotateImmediately,
    ClientRequestToken: crypto.randomUUID(),
  })
  return { id: asked.secretId, rotationEnabled: true }
})

interface Upload {
  readonly bucket: string
  readonly key: string
  readonly source: { readonly path: Promise<string> }
}

const upload = creator<Upload>(async (wire, { bucket, key, source }) => {
  await wire.put(`/${bucket}/${key}`, new Uint8Array(await readFile(await source.path)))
  return { id: key, arn: `arn:aws:s3:::${bucket}/${key}` }
})

export const storage: Readonly<Record<string, Creator>> = {
  'aws:dynamodb/table:Table': table,
  'aws:secretsmanager/secret:Secret': secret,
  'aws:secretsmanager/secretRotation:SecretRotation': rotation,
  'aws:s3/bucketObjectv2:BucketObjectv2': upload,
}
