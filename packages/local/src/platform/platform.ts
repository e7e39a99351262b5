import { join } from 'node:path'
import { Access } from '@countersign/core/access'
import { type EventOf, type HubEventType, hubEvents } from '@countersign/core/events'
import type { Change } from '@countersign/core/ledger'
import { type Identities, Session, type SignInConfiguration } from '@countersign/core/session'
import {
  type Algorithm,
  DEFAULT_ALGORITHM,
  epochSeconds,
  type Redacted,
  type Row,
} from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import type { AllowedHost } from '@countersign/core/webhook'
import { causesOf } from '@countersign/functions/runtime/http'
import type { Log, Services } from '@countersign/functions/runtime/services'
import * as z from 'zod'
import { openLocalCredentials } from '../gateway/local-credentials.ts'
import { localIdentities } from '../oidc/identities.ts'
import { peopleFile } from '../oidc/people.ts'
import { type Adversity, hubEntry, localBus } from '../runtime/bus.ts'
import { decisionLog } from '../runtime/decision-log.ts'
import { createRuntime, type Runtime } from '../runtime/runtime.ts'
import { createWorkers, type Step } from '../runtime/workers.ts'
import type { Database } from '../store/database.ts'
import { deploymentAt, sweep } from '../store/sqlite-access-rows.ts'
import { eventIn } from '../store/sqlite-ledger.ts'
import { sqliteQueues } from '../store/sqlite-queues.ts'
import { bootstrap } from './bootstrap.ts'
import { openDataFolder } from './data-folder.ts'
import { StartFailure } from './failure.ts'
import { startSchedules } from './schedules.ts'
import { type Deployments, type ServerOptions, startServers } from './servers.ts'
import { localServices } from './services.ts'

export interface PlatformOptions extends ServerOptions {
  /** The folder that holds everything; made when it is not there. */
  readonly data: string
  readonly log?: Log
  readonly clock?: () => Date
  /** What goes wrong on the way, on purpose. */
  readonly adversity?: Adversity
  /** How long a message stays hidden from other receives; 2 s unless given. */
  readonly visibilityMilliseconds?: number
  /** 1 s unless given. */
  readonly ringRefreshSeconds?: number
  /** Of the keys that rotations make from now on; HS512 unless given. */
  readonly signingAlgorithm?: Algorithm
  /** Who else vouches for people than this machine's own provider, and how long sessions last. */
  readonly signInConfiguration?: SignInConfiguration
  /** The key with which Google's directory is read, where a provider's groups come from there. */
  readonly serviceAccount?: () => Promise<Redacted<string>>
  /** Hosts that webhooks may lead to over http and whatever their addresses; none unless given. */
  readonly webhookHosts?: readonly AllowedHost[]
  /** Told between any two effects of the pipeline. */
  readonly onStep?: (step: Step) => void
}

/** The platform, running on this machine. */
export interface Platform {
  readonly api: string
  readonly gateway: string
  /** The OpenID provider of this machine: its issuer. */
  readonly signIn: string
  readonly credentialFile: string
  /** Access keys that sign requests to `iam` routes, as AWS's tools read them. */
  readonly awsCredentialsFile: string
  readonly services: Services
  /** Puts an event of the API Hub's on the bus; its id there. Throws when it is not of the documented form. */
  publishHubEvent(type: HubEventType, detail: unknown): string
  /** Relays and delivers until nothing is left that could be delivered now. */
  drain(): Promise<void>
  /** Makes events of the decisions so far now, and not at the end of the minute. */
  accountDecisions(): Promise<void>
  /** What the whole event log makes of the read model, beside what the read model is; rows past their time in neither. */
  readModels(): Promise<ReadModels>
  close(): Promise<void>
}

export interface ReadModels {
  readonly rebuilt: ReadonlyMap<string, Row>
  readonly live: ReadonlyMap<string, Row>
}

/** `iss` of the tokens of every platform on one machine. */
export const LOCAL_ISSUER = 'https://countersign.local'

const SWEEP_MILLISECONDS = 3_600_000

/** Starts everything on loopback. Throws `StartFailure` for what the caller can mend. */
export const startPlatform = async (options: PlatformOptions): Promise<Platform> => {
  const { log: write = () => {}, clock = () => new Date(), signingAlgorithm = DEFAULT_ALGORITHM } = options
  const decisions = decisionLog(clock)
  const log: Log = (line) => {
    decisions.take(line)
    write(line)
  }
  if (!SigningKey.isAvailable(signingAlgorithm))
    throw new StartFailure(`this Node cannot sign with ${signingAlgorithm}; Node 24.7 or later can`)
  const folder = openDataFolder(options.data)
  const { database } = folder
  const failed = (error: unknown) =>
    log({ level: 'error', message: 'the platform failed', error: causesOf(error) })
  let renewal = Promise.resolve()
  const keyRingChanged = () => {
    renewal = renewal.then(() => bootstrap(services, folder.credentialFile)).catch(failed)
  }
  let told = () => {}
  const people = peopleFile(join(options.data, 'people.yaml'))
  const signIn: { issuer?: string } = {}
  const { signInConfiguration: configured = Session.NO_SIGN_IN } = options
  const { serviceAccount } = options
  const identities = localIdentities({
    ...{ people, clock, configured, issuer: () => signIn.issuer },
    ...(serviceAccount && { serviceAccount }),
  })
  const { services, runtime } = assemble(options, database, identities, log, clock, failed, () => told())
  try {
    sweep(database, clock())
    await bootstrap(services, folder.credentialFile)
    await runtime.drain()
    told = keyRingChanged // the operator's token may have been signed with a key that was given up
    const credentials = openLocalCredentials(folder.awsCredentialsFile, services.randomBytes)
    const servers = await startServers(
      options,
      services,
      deploymentsIn(database),
      credentials,
      people,
      failed,
    )
    signIn.issuer = servers.signIn
    const schedules = startSchedules(services)
    const accounting = decisions.follow(services)
    const sweeping = setInterval(() => {
      try {
        sweep(database, clock())
      } catch (error) {
        failed(error) // the next hour sweeps what is left
      }
    }, SWEEP_MILLISECONDS).unref()
    return {
      api: servers.api,
      gateway: servers.gateway,
      signIn: servers.signIn,
      credentialFile: folder.credentialFile,
      awsCredentialsFile: folder.awsCredentialsFile,
      services,
      publishHubEvent: (type, detail) =>
        services.publisher.put(hubEntry(type, checked(type, detail), clock())),
      drain: runtime.drain,
      accountDecisions: accounting.flush,
      readModels: () => readModels(database, services),
      close: async () => {
        clearInterval(sweeping)
        await servers.close()
        await schedules.stop()
        await accounting.stop()
        await renewal
        await runtime.stop()
        folder.close()
      },
    }
  } catch (error) {
    await runtime.stop()
    folder.close()
    throw error
  }
}

/** Ports, workers and what drives them; each tells the next that there is news. */
const assemble = (
  options: PlatformOptions,
  database: Database,
  identities: Identities,
  log: Log,
  clock: () => Date,
  failed: (error: unknown) => void,
  keyRingChanged: () => void,
) => {
  const { adversity, onStep = () => {}, visibilityMilliseconds = 2_000, ringRefreshSeconds = 1 } = options
  const queues = sqliteQueues(database)
  queues.releaseAll()
  const sent: Runtime['sent'] = (queue) => runtime.sent(queue)
  const committed = ({ entities }: Change) => {
    onStep('committed')
    runtime.committed()
    if (entities.some(({ kind }) => kind === 'key-ring')) keyRingChanged()
  }
  const bus = localBus({ queues, clock, adversity, sent })
  const signingAlgorithm = options.signingAlgorithm ?? DEFAULT_ALGORITHM
  const settings = { issuer: LOCAL_ISSUER, ringRefreshSeconds, signingAlgorithm }
  const unrelayed = () => workers.unrelayed()
  const ports = localServices({
    database,
    queues,
    bus,
    clock,
    settings,
    identities,
    log,
    committed,
    sent,
    unrelayed,
    ...(options.webhookHosts && { webhookHosts: options.webhookHosts }),
  })
  const services = { ...ports, publisher: bus }
  const workers = createWorkers({ database, queues, services, adversity, visibilityMilliseconds, onStep })
  const runtime = createRuntime(workers, queues, clock, failed)
  return { services, runtime }
}

const checked = (type: HubEventType, detail: unknown): unknown => {
  const parsed = hubEvents[type].safeParse(detail)
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error))
  return detail
}

const readModels = async (database: Database, { accessRows, clock }: Services): Promise<ReadModels> => {
  const events = database.all('SELECT body FROM event ORDER BY sequence').map((row): EventOf => eventIn(row))
  const live: [string, Row][] = []
  for await (const entry of accessRows.scan()) live.push([...entry])
  const now = epochSeconds(clock())
  return { rebuilt: unswept(Access.rebuild(events), now), live: unswept(live, now) }
}

/** A row whose time is over belongs to neither: whether it was swept yet is nobody's concern. */
const unswept = (rows: Iterable<readonly [string, Row]>, now: number): ReadonlyMap<string, Row> =>
  new Map([...rows].filter(([, { sweepAfter }]) => sweepAfter === undefined || sweepAfter >= now))

/** Of a gateway that nobody registered, nothing is known but its URL. */
const UNREGISTERED = { accountId: '000000000000', region: 'local' } as const

const deploymentsIn = (database: Database): Deployments => {
  const at = (gatewayId: string, stage: string) => deploymentAt(database, `${gatewayId}/${stage}`)
  const everDeployed = new Set<string>() // a deployment's row is emptied, and never goes
  const isDeployed = (gatewayId: string, stage: string) => {
    const gateway = `${gatewayId}/${stage}`
    if (!everDeployed.has(gateway) && at(gatewayId, stage)) everDeployed.add(gateway)
    return everDeployed.has(gateway)
  }
  const placeOf: Deployments['placeOf'] = (gatewayId, stage) => {
    const found = at(gatewayId, stage)
    const { accountId, region } = found?.account ?? UNREGISTERED
    return { coordinates: { accountId, region, gatewayId, stage }, binding: found?.binding }
  }
  return { placeOf, isDeployed }
}
