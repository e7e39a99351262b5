import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient, type Outcome } from '@countersign/client'
import { Redacted } from '@countersign/client/redacted'
import type { HubEventType } from '@countersign/core/events'
import { type Platform, type PlatformOptions, type ReadModels, startPlatform } from '@countersign/local'

/** What came back from the gateway. */
export interface Called {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface Call {
  /** `/{gatewayId}/{stage}/…`, sent as it is: nothing is normalised. */
  readonly path: string
  readonly method?: string
  /** The presented token, as a bearer. */
  readonly token?: string
  /** Name and value by turns, for headers that come twice or in an odd case. */
  readonly rawHeaders?: readonly string[]
}

/** A whole platform that a story is told against, wherever it runs. */
export interface AnyWorld {
  readonly api: string
  readonly gateway: string
  readonly credential: string
  readonly credentialFile: string
  readonly client: Client
  call(call: Call): Promise<Called>
  /** Puts an event of the API Hub's on the bus; its id there. */
  publishHubEvent(type: HubEventType, detail: unknown): Promise<string>
  /** What the whole event log makes of the read model, beside what the read model is. */
  readModels(): Promise<ReadModels>
  /** Until what was said has reached the read model. */
  settled(): Promise<void>
  stop(): Promise<void>
}

/** On this machine: what only this world can do goes through `platform`. */
export interface World extends AnyWorld {
  readonly platform: Platform
}

export type WorldOptions = Partial<PlatformOptions>

const WORLDS: Readonly<Record<string, () => Promise<AnyWorld>>> = {
  local: () => startWorld(),
  emulator: async () => (await import('../aws/world.ts')).openEmulatorWorld(),
  'emulator-iam': async () => (await import('../aws/world.ts')).openEmulatorWorld({ enforceIam: true }),
}

/**
 * The world that `COUNTERSIGN_WORLD` names: this machine unless it says `emulator`, the system as deployed to AWS, or
 * `emulator-iam`, the same with every function held to its role.
 */
export const openWorld = async (): Promise<AnyWorld> => {
  const named = process.env.COUNTERSIGN_WORLD || 'local'
  const open = WORLDS[named]
  if (!open) throw new Error(`COUNTERSIGN_WORLD is one of ${Object.keys(WORLDS).join(', ')}, not "${named}"`)
  return open()
}

/** A platform on this machine, on free ports and a folder of its own that goes when it stops. */
export const startWorld = async (options: WorldOptions = {}): Promise<World> => {
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'countersign-'))
  const platform = await startPlatform({ port: 0, gatewayPort: 0, ...options, data })
  const credential = readFileSync(platform.credentialFile, 'utf8')
  return {
    api: platform.api,
    gateway: platform.gateway,
    credential,
    credentialFile: platform.credentialFile,
    client: createClient({ endpoint: platform.api, credential: new Redacted(credential) }),
    platform,
    call: (call) => callUrl(platform.gateway, call),
    publishHubEvent: async (type, detail) => platform.publishHubEvent(type, detail),
    readModels: () => platform.readModels(),
    settled: () => platform.drain(),
    stop: async () => {
      await platform.close()
      if (options.data === undefined) rmSync(data, { recursive: true, force: true })
    },
  }
}

/** One request over the wire, without the tidying that `fetch` does. */
export const callUrl = (
  origin: string,
  { path, method = 'GET', token, rawHeaders = [] }: Call,
  body?: string,
): Promise<Called> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin)
    const bearer = token === undefined ? [] : ['authorization', `Bearer ${token}`]
    const length = body === undefined ? [] : ['content-length', String(Buffer.byteLength(body))]
    const headers = ['host', `${hostname}:${port}`, ...bearer, ...length, ...rawHeaders]
    const outgoing = httpRequest({ hostname, port, path, method, headers }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      )
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })

/** The body of an answer that must be a success. */
export const done = <T>(outcome: Outcome<T>): T => {
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.error)}`)
  return outcome.value.body
}
