import {
  environmentCredentials,
  fetchAccessRows,
  fetchConsumerKeyRings,
  fetchKeyRing,
} from '@countersign/aws/authorizer'
import type { AccessRowReader } from '@countersign/core/access'
import type { ConsumerKeyRingReaders, KeyRingReader } from '@countersign/core/signing-key'
import { processServices } from './process-services.ts'
import type { Environment, Services } from './services.ts'

type AuthorizerServices = Pick<Services, 'clock' | 'newId' | 'settings' | 'log'> & {
  readonly accessRows: AccessRowReader
  readonly keyRing: KeyRingReader
  readonly consumerKeyRings: ConsumerKeyRingReaders
}

/** The authorizer's services on AWS: no SDK, and the variables are read by hand, because every import is paid at its start. */
export const connectAuthorizer = async (
  environment: Environment = process.env,
): Promise<AuthorizerServices> => {
  const aws = {
    region: variable(environment, 'AWS_REGION'),
    endpoint: environment.AWS_ENDPOINT_URL || undefined,
    credentials: () => environmentCredentials(environment),
  }
  return {
    ...processServices,
    settings: {
      issuer: variable(environment, 'ISSUER'),
      ringRefreshSeconds: seconds(environment, 'RING_REFRESH_SECONDS'),
    },
    accessRows: fetchAccessRows({ ...aws, table: variable(environment, 'ACCESS_TABLE') }),
    keyRing: fetchKeyRing({ ...aws, secret: variable(environment, 'KEY_RING_SECRET') }),
    consumerKeyRings: fetchConsumerKeyRings({
      ...aws,
      prefix: variable(environment, 'CONSUMER_KEYS_PREFIX'),
    }),
  }
}

const variable = (environment: Environment, name: string): string => {
  const value = environment[name]
  if (!value) throw new Error(`the environment variable ${name} is missing`)
  return value
}

const seconds = (environment: Environment, name: string): number => {
  const text = variable(environment, name)
  if (!/^[1-9][0-9]{0,5}$/.test(text))
    throw new Error(`the environment variable ${name} is no number of seconds`)
  return Number(text)
}
