import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeBackend, makeConsumersApi } from './consumers-api.ts'
import { bootstrap, type Deployment, type DeployOptions, deploy } from './deploy.ts'
import type { Emulator } from './emulator.ts'
import type { Wire } from './wire.ts'

/** A deployment that an operator and two other teams have taken into use. */
export interface Installation {
  readonly deployment: Deployment
  /** ARN of the function behind the other teams' APIs. */
  readonly backend: string
  /** The operator's token. */
  readonly credential: string
}

/** Stages of every API of another team. */
export const STAGES = ['staging', 'production'] as const

/** Deploys, bootstraps, and makes both example APIs as another team would. */
export const install = async (
  emulator: Emulator,
  wire: Wire,
  options: DeployOptions,
): Promise<Installation> => {
  const deployment = await deploy(emulator, options)
  const backend = await makeBackend(wire)
  const credentialFile = join(emulator.folder, 'operator.token')
  await Promise.all([
    ...['abc123', 'def456'].map((gatewayId) =>
      makeConsumersApi(wire, deployment, backend, {
        gatewayId,
        stages: STAGES,
        authorizerCacheTtlSeconds: 0,
      }),
    ),
    bootstrap(emulator, deployment, credentialFile),
  ])
  return { deployment, backend, credential: await readFile(credentialFile, 'utf8') }
}
