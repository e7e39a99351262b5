import { randomUUID } from 'node:crypto'
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  type GetSecretValueCommandInput,
  type GetSecretValueCommandOutput,
  InvalidParameterException,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import { err, ok, type Redacted } from '@countersign/core/shared'
import type { ConsumerKeyRings, KeyRingStore, KeyRingVersion } from '@countersign/core/signing-key'
import { clientSettings, within } from './calls.ts'
import { NO_SUCH_VERSION, ringText } from './ring-text.ts'

export interface SecretsManagerKeyRingOptions {
  /** Name or ARN of the secret. */
  readonly secret: string
  readonly client?: SecretsManagerClient
}

const LIMIT_MILLISECONDS = 5_000

const CURRENT = 'AWSCURRENT'
const PENDING = 'AWSPENDING'

/** The key ring as versions of one secret, told apart by their stages. */
export const secretsManagerKeyRing = (options: SecretsManagerKeyRingOptions): KeyRingStore => {
  const client = options.client ?? new SecretsManagerClient(clientSettings(2_000))
  return storeOf({ client, SecretId: options.secret })
}

const storeOf = (context: Context): KeyRingStore => {
  const current = () => find(context, { VersionStage: CURRENT })
  return {
    current,
    version: async (VersionId) => (await find(context, { VersionId }))?.text,
    stage: (versionId, text) => stage(context, versionId, text),
    promote: async (versionId, from) => {
      if (await moved(context, CURRENT, versionId, from ?? (await valueless(context)))) return ok(undefined)
      // A repeated call finds the label moved by the one whose answer was lost.
      const now = (await current())?.versionId
      if (now === versionId) return ok(undefined)
      if (now === from) throw new Error(`${CURRENT} could not be moved, though it is where it was`)
      return err({ reason: 'rotation_superseded' })
    },
  }
}

interface Context {
  readonly client: SecretsManagerClient
  readonly SecretId: string
  /** What to call the secret where it has to be made first. */
  readonly made?: string
}

/**
 * The rings of consumers, each a secret of its own under `prefix`, made when its first key is staged: there are as many
 * as consumers that sign their own tokens, and nobody deploys anything for one.
 */
export const secretsManagerConsumerKeyRings = (options: {
  readonly prefix: string
  readonly client?: SecretsManagerClient
}): ConsumerKeyRings => {
  const client = options.client ?? new SecretsManagerClient(clientSettings(2_000))
  return (consumerId) => storeOf({ client, SecretId: `${options.prefix}${consumerId}`, made: consumerId })
}

type Wanted = Pick<GetSecretValueCommandInput, 'VersionId' | 'VersionStage'>

const find = async (context: Context, wanted: Wanted): Promise<KeyRingVersion | undefined> => {
  const found = await lookUp(context, wanted)
  return found && ringText(found)
}

/** The version without a value that some stores give a fresh secret; the label has to be taken from it by name. */
const valueless = async (context: Context): Promise<string | undefined> => {
  const found = await lookUp(context, { VersionStage: CURRENT })
  return found && !ringText(found) ? found.VersionId : undefined
}

const lookUp = async (
  { client, SecretId, made }: Context,
  wanted: Wanted,
): Promise<GetSecretValueCommandOutput | undefined> =>
  calling('reading the key ring', async (limit) => {
    try {
      return await client.send(new GetSecretValueCommand({ SecretId, ...wanted }), limit)
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error
      if (made !== undefined || NO_SUCH_VERSION.test(error.message)) return undefined
      throw error
    }
  })

const stage = async (context: Context, versionId: string, text: Redacted<string>): Promise<void> => {
  const { client, SecretId } = context
  const command = new PutSecretValueCommand({
    SecretId,
    ClientRequestToken: versionId,
    SecretString: text.reveal(),
    VersionStages: [PENDING],
  })
  if (context.made !== undefined) await create(context, context.made)
  const put = await calling('staging the key ring', (limit) =>
    client.send(command, limit).catch(undefinedWhen(ResourceExistsException)),
  )
  if (!put) await pend(context, versionId)
}

/** Without a version: the first one is staged like any other. */
const create = async ({ client, SecretId }: Context, consumerId: string): Promise<void> => {
  const Description = `Keys that ${consumerId} signs its own tokens with`
  const command = new CreateSecretCommand({ Name: SecretId, Description, ClientRequestToken: randomUUID() })
  await calling('making the secret of a consumer', (limit) =>
    client.send(command, limit).catch(undefinedWhen(ResourceExistsException)),
  )
}

/** The version is there with the text it was first given; only the label may have to come back to it. */
const pend = async (context: Context, versionId: string): Promise<void> => {
  const pending = (await find(context, { VersionStage: PENDING }))?.versionId
  if (pending === versionId || (await moved(context, PENDING, versionId, pending))) return
  throw new Error(`${PENDING} was moved by another rotation at the same time`)
}

/** False when the label is not where it was thought to be. */
const moved = async (
  { client, SecretId }: Context,
  VersionStage: string,
  MoveToVersionId: string,
  from: string | undefined,
): Promise<boolean> => {
  const command = new UpdateSecretVersionStageCommand({
    SecretId,
    VersionStage,
    MoveToVersionId,
    ...(from !== undefined && { RemoveFromVersionId: from }),
  })
  const done = await calling(`moving ${VersionStage}`, (limit) =>
    client.send(command, limit).catch(undefinedWhen(InvalidParameterException)),
  )
  return done !== undefined
}

const undefinedWhen =
  (refusal: abstract new (...args: never[]) => Error) =>
  (error: unknown): undefined => {
    if (!(error instanceof refusal)) throw error
  }

const calling = <T>(
  doing: string,
  call: (limit: { readonly abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> => within(LIMIT_MILLISECONDS, doing, (limit) => call(limit).catch(unquoted))

/** A parser quotes what it could not read, and here that is a secret. */
const unquoted = (error: unknown): never => {
  throw error instanceof SyntaxError ? new Error('the answer is not JSON') : error
}
