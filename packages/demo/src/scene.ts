import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient } from '@countersign/client'
import { Redacted } from '@countersign/client/redacted'
import { type Platform, type PlatformOptions, startPlatform } from '@countersign/local'

/** Where the story is told: a platform, its gateway, and the bus the API Hub publishes on. */
export interface Scene {
  readonly client: Client
  /** `/{gatewayId}/{stage}/…` is appended to it. */
  readonly gateway: string
  /** Puts `api-hub.api-published` on the bus; the id the bus gives it. */
  publish(publication: object): Promise<string>
  close(): Promise<void>
}

/** A platform of its own on this machine, on free ports and a folder that goes when the story is told. */
export const onThisMachine = async (): Promise<Scene> => (await platformOnThisMachine()).scene

/** The same, with the platform itself. */
export const platformOnThisMachine = async (
  options: Pick<PlatformOptions, 'signingAlgorithm'> = {},
): Promise<{ readonly scene: Scene; readonly platform: Platform }> => {
  const data = mkdtempSync(join(tmpdir(), 'countersign-demo-'))
  const platform = await startPlatform({ data, port: 0, gatewayPort: 0, ...options })
  const credential = new Redacted(readFileSync(platform.credentialFile, 'utf8'))
  const scene: Scene = {
    client: createClient({ endpoint: platform.api, credential }),
    gateway: platform.gateway,
    publish: async (publication) => platform.publishHubEvent('api-hub.api-published', publication),
    close: async () => {
      await platform.close()
      rmSync(data, { recursive: true, force: true })
    },
  }
  return { scene, platform }
}
