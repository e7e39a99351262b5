import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient, type Outcome } from '@countersign/client'
import { Redacted } from '@countersign/client/redacted'
import type { HubEventType, LogEnd } from '@countersign/core/events'
import type { EntityKind } from '@countersign/core/ledger'
import { Session } from '@countersign/core/session'
import type { LogLine, Services } from '@countersign/functions/runtime/services'
import { type Platform, type PlatformOptions, type ReadModels, startPlatform } from '@countersign/local'
import type { GatewayDescription, GatewayShape } from '@countersign/local/gateway'
import type { SubscriptionName, schedules } from '@countersign/topology'
import type { APIGatewayAuthorizerResult } from 'aws-lambda'
import { localLevers } from './local-levers.ts'
import { type WorldName, worldName } from './only.ts'
import { type SignInStandIns, startSignIn } from './sign-in.ts'

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
  /** The address of the gateway unless given. */
  readonly host?: string
}

/** What API Gateway asks a REST `REQUEST` authorizer. */
export interface Asked {
  readonly methodArn: string
  readonly headers: Readonly<Record<string, string>>
}

/** How another team sets its API up; what is not said stands behind the authorizer. */
export interface Attaching {
  readonly cacheSeconds?: number
  readonly openPath?: string
  readonly keyPath?: string
  readonly shape?: GatewayShape
  /** Where its stage `staging` is called besides: of REST APIs. */
  readonly domains?: GatewayDescription['domains']
}

/** What can be made to stand still: what carries events to the bus, or one of its readers. */
export type Part = 'Relay' | 'ProjectAccess'

/** Which event of which entity. */
export interface LoggedAt {
  readonly kind: EntityKind
  readonly id: string
  readonly version: number
}

/** Changes what the ledger holds, past the platform; what comes back puts it as it was. */
export interface Tampering {
  /** The text of an event becomes another, or is taken out. */
  event(at: LoggedAt, change: (text: string) => string | undefined): Promise<() => Promise<void>>
  /** Where the log of an entity ends, as its state says. */
  end(at: Omit<LoggedAt, 'version'>, change: (end: LogEnd) => LogEnd): Promise<() => Promise<void>>
}

/** What an operator of the account can do to a running platform, and no caller of its API. */
export interface Levers {
  /** Another team's API gets the authorizer; `keyPath` is opened by API keys, `openPath` to everybody. `/{gatewayId}/{stage}/…`. */
  attach(gatewayId: string, options?: Attaching): Promise<void>
  /** Nothing gets past this part until what comes back is called. */
  hold(part: Part): Promise<() => Promise<void>>
  /** Puts a message into a subscription's queue as it is. */
  deliver(subscription: SubscriptionName, body: string): Promise<void>
  /** Every event of the ledger on the bus once more, the last one first. */
  replay(): Promise<void>
  /** The authorizer's own answer; `Unauthorized` where it throws that. */
  authorize(asked: Asked): Promise<APIGatewayAuthorizerResult | 'Unauthorized'>
  /** Runs a schedule's function now, as its clock would. */
  run(schedule: keyof typeof schedules): Promise<void>
  readonly tamper: Tampering
  /** What the functions logged so far. */
  logged(): Promise<readonly LogLine[]>
}

/** A whole platform that a story is told against, wherever it runs. */
export interface AnyWorld extends Levers {
  readonly api: string
  readonly gateway: string
  readonly credential: string
  readonly credentialFile: string
  readonly client: Client
  /** Its ports, for what is measured or put there without the HTTP API. */
  readonly services: Services
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

/** Where stories have receivers of webhooks. */
const RECEIVERS = [{ host: '127.0.0.1' }]

const WORLDS: Readonly<Record<WorldName, (gateways: readonly GatewayDescription[]) => Promise<AnyWorld>>> = {
  // A message that failed is tried again soon: what happens to it is told, not how long it takes.
  local: (gateways) => startWorld({ visibilityMilliseconds: 250, webhookHosts: RECEIVERS, gateways }),
  emulator: () => emulated({}),
  'emulator-iam': () => emulated({ enforceIam: true }),
}

const emulated = async (options: { readonly enforceIam?: true }) =>
  (await import('../aws/world.ts')).openEmulatorWorld(options)

/**
 * The world that `COUNTERSIGN_WORLD` names: this machine unless it says `emulator`, the system as deployed to AWS, or
 * `emulator-iam`, the same with every function held to its role. `gateways` are described to this machine's gateway; there,
 * whoever attaches one says the same of it.
 */
export const openWorld = async (gateways: readonly GatewayDescription[] = []): Promise<AnyWorld> =>
  WORLDS[worldName()](gateways)

/** A world in which people can sign in, with stand-ins for who vouches for them. */
export interface SignInWorld extends AnyWorld {
  readonly signIn: SignInStandIns
}

export const openSignInWorld = async (): Promise<SignInWorld> => {
  const named = worldName()
  if (named !== 'local') return emulated(named === 'emulator-iam' ? { enforceIam: true } : {})
  const signIn = await startSignIn()
  const configuration = Session.readSignIn(signIn.configuration)
  if (!configuration.ok) throw new Error(configuration.error)
  const world = await startWorld({
    signInConfiguration: configuration.value,
    serviceAccount: async () => new Redacted(signIn.serviceAccount),
    visibilityMilliseconds: 250,
  })
  const stop = async () => {
    await world.stop()
    await signIn.close()
  }
  return { ...world, signIn, stop }
}

/** A platform on this machine, on free ports and a folder of its own that goes when it stops. */
export const startWorld = async (options: WorldOptions = {}): Promise<World> => {
  if (worldName() !== 'local')
    throw new Error(
      `a story told in the world ${worldName()} opens it with openWorld, or is tagged with only`,
    )
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'countersign-'))
  const lines: LogLine[] = []
  const log = (line: LogLine) => void lines.push(line)
  const platform = await startPlatform({ port: 0, gatewayPort: 0, log, ...options, data })
  const credential = readFileSync(platform.credentialFile, 'utf8')
  return {
    ...localLevers(platform, data, lines),
    api: platform.api,
    gateway: platform.gateway,
    credential,
    credentialFile: platform.credentialFile,
    client: createClient({ endpoint: platform.api, credential: new Redacted(credential) }),
    platform,
    services: platform.services,
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
  { path, method = 'GET', token, rawHeaders = [], host }: Call,
  body?: string,
): Promise<Called> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin)
    const bearer = token === undefined ? [] : ['authorization', `Bearer ${token}`]
    const length = body === undefined ? [] : ['content-length', String(Buffer.byteLength(body))]
    const headers = ['host', host ?? `${hostname}:${port}`, ...bearer, ...length, ...rawHeaders]
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
