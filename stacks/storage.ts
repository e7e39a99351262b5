import { type rotations, tables } from '@countersign/topology'
import { each } from './each.ts'
import { isProtected, keptWhenProtected, named } from './stage.ts'

export type TableName = keyof typeof tables
type Definition = (typeof tables)[TableName]

const table = ({ stream, ...definition }: Definition, name: TableName) =>
  new sst.aws.Dynamo(name, {
    ...definition,
    ...(stream && { stream }),
    deletionProtection: isProtected,
    // With AWS's own key in this account, so that CloudTrail shows its use.
    transform: { table: { serverSideEncryption: { enabled: true } } },
  })

/** What the platform knows, and what the authorizer reads. */
export const stored = each<TableName, Definition, sst.aws.Dynamo>(tables, table)

/** One index by its name: `index/*` would also open an index that is added for something else. */
export const indexArn = <T extends TableName>(name: T, index: keyof (typeof tables)[T]['globalIndexes']) =>
  $interpolate`${stored[name].arn}/index/${String(index)}`

/** What an administrator puts there by hand has no rotation of ours. */
export type SecretName = (typeof rotations)[keyof typeof rotations]['secret'] | 'Directory'

const secret = (name: string, description: string) =>
  new aws.secretsmanager.Secret(
    name,
    {
      namePrefix: `${named(name, 200)}-`,
      description,
      recoveryWindowInDays: isProtected ? 30 : 7,
    },
    { ...keptWhenProtected, protect: isProtected },
  )

/** Without a version: a version written here could one day take `AWSCURRENT` from the ring in use. */
export const secrets: Readonly<Record<SecretName, aws.secretsmanager.Secret>> = {
  KeyRing: secret(
    'KeyRing',
    'Signing keys of the tokens; its first version and all later ones are made by its rotation',
  ),
  SealKeys: secret(
    'SealKeys',
    'What signs seals and exports of the audit log; its rotation or the bootstrap makes its first version',
  ),
  Directory: secret(
    'Directory',
    "The key of the service account that reads Google's directory; an administrator puts it there",
  ),
}

/** Their one version is made by the bootstrap: all keys follow from it, so another would be another key for everybody. */
export const apiKeySecret = secret('ApiKeys', 'What the values of all API keys are derived from')
export const webhookSecret = secret(
  'Webhooks',
  'What the secrets that sign for all webhooks are derived from',
)
