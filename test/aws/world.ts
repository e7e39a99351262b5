import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { createClient } from '@countersign/client'
import { Redacted } from '@countersign/client/redacted'
import { HUB_SOURCE } from '@countersign/core/events'
import { isUnavailable } from '@countersign/core/shared'
import { connect } from '@countersign/functions/runtime/connect'
import { subscriptions } from '@countersign/topology'
import { type SignInStandIns, startSignIn } from '../support/sign-in.ts'
import { type AnyWorld, type Attaching, type Call, type Called, callUrl } from '../support/world.ts'
import { makeConsumersApi } from './consumers-api.ts'
import { credentialsFor, type Deployment, type DeployOptions, gatewayOf } from './deploy.ts'
import { ACCOUNT, type Emulator, type EmulatorOptions, REGION, startEmulator } from './emulator.ts'
import { errorsOnly } from './errors-only.ts'
import { type Installation, install, STAGES } from './installation.ts'
import { type KeptInstallation, keptInstallation } from './kept.ts'
import {
  deployedLevers,
  hasten,
  pollAfresh,
  roleNamed,
  rolePolicyOf,
  tellFunctions,
  waitingIn,
  writeRolePolicy,
} from './levers.ts'
import { readModels } from './read-models.ts'
import { createWire, isUnanswered, type Wire } from './wire.ts'

/** The system as deployed to AWS, in an emulator of its own. */
export interface EmulatorWorld extends AnyWorld {
  readonly emulator: Emulator
  readonly installation: Installation
  readonly wire: Wire
  readonly deployment: Deployment
  /** Who vouches for people there. */
  readonly signIn: SignInStandIns
  /** As `call`, asked a single time. */
  callOnce(call: Call): Promise<Called>
  /** Another team's API behind the authorizer; `/{gatewayId}/{stage}/…`. */
  attach(gatewayId: string, options?: Attaching): Promise<void>
}

export interface EmulatorWorldOptions extends EmulatorOptions, DeployOptions {
  /** Where the functions find AWS, given the emulator: a proxy before it. */
  readonly functionsSee?: (endpoint: string) => Promise<string>
  /** In the emulator's folder, unless given. */
  readonly credentialFile?: string
}

/** A new key signs after two of these, and a seal key after one: a deployment's own would be waited for in vain. */
const RING_REFRESH_SECONDS = '5'

/** The emulator's control plane takes as many calls as come. */
const CALL_MILLISECONDS = '1'

/**
 * What failed once is back within the patience of these suites; in AWS it is hidden for six time limits of its function. What
 * takes longer is handed out a second time meanwhile, as any message may be.
 */
const HIDDEN_SECONDS = 15

/** How long what was said may take to arrive before something must be lost. */
const PATIENCE_MILLISECONDS = 60_000
/** What did not arrive in time is waited for that long by whoever comes after: a run that fails should end. */
const REMAINING_PATIENCE_MILLISECONDS = 3_000
const LOOK_MILLISECONDS = 25
const LONGEST_LOOK_MILLISECONDS = 200

/** Worlds of this process that run, and how many are in them: suites of one file share theirs. */
const running = new Map<string, { readonly world: Promise<EmulatorWorld>; inhabitants: number }>()

/** Both example APIs are there, as another team would have made them. Who asks for the same in one process gets the same. */
export const openEmulatorWorld = async (options: EmulatorWorldOptions = {}): Promise<EmulatorWorld> => {
  if (options.functionsSee) return open(options)
  const key = JSON.stringify(options)
  const shared = running.get(key) ?? { world: open(options), inhabitants: 0 }
  running.set(key, shared)
  shared.inhabitants++
  const world = await shared.world
  let isInside = true
  const stop = async () => {
    if (!isInside) return
    isInside = false
    shared.inhabitants--
    if (shared.inhabitants > 0) return
    running.delete(key)
    await world.stop()
  }
  return { ...world, stop }
}

const open = async (options: EmulatorWorldOptions): Promise<EmulatorWorld> => {
  const kept = isUsual(options) ? await keptInstallation() : undefined
  const emulator = await startEmulator({ ...options, ...(kept && { from: kept }) })
  try {
    return await inhabit(emulator, kept, options)
  } catch (error) {
    await emulator.stop()
    throw error
  }
}

/** What every world of a run has: only who enforces, and how functions find AWS, differ. */
const isUsual = ({ variables, settings, stage }: EmulatorWorldOptions): boolean =>
  variables === undefined && settings === undefined && stage === undefined

const SETTINGS = { COUNTERSIGN_WEBHOOK_HOSTS: '127.0.0.1', COUNTERSIGN_MACHINE_ACCOUNTS: ACCOUNT }

const inhabit = async (
  emulator: Emulator,
  kept: KeptInstallation | undefined,
  { functionsSee, ...options }: EmulatorWorldOptions,
): Promise<EmulatorWorld> => {
  const { endpoint, folder } = emulator
  speakTo(endpoint)
  const wire = createWire({ endpoint, region: REGION, account: ACCOUNT })
  const variables = { RING_REFRESH_SECONDS, CALL_MILLISECONDS, ...options.variables }
  const installation = kept
    ? moved(kept, endpoint)
    : await install(emulator, wire, { settings: SETTINGS, ...options, variables })
  const { backend, credential } = installation
  const credentialFile = options.credentialFile ?? join(folder, 'operator.token')
  await writeFile(credentialFile, credential, { mode: 0o600 })
  const signIn = await startSignIn()
  const own = { SIGN_IN: signIn.configuration, ...variables }
  const deployment = saying(installation.deployment, own)
  await tellFunctions({ wire }, own, functionsSee ? { AWS_ENDPOINT_URL: await functionsSee(endpoint) } : {})
  if (kept) await pollAfresh({ wire, deployment }, 'Relay')
  else for (const name of Object.keys(subscriptions)) await hasten({ wire, deployment }, name, HIDDEN_SECONDS)
  if (options.enforceIam) await letBatchesPass({ wire, deployment })
  await putServiceAccount(wire, deployment, signIn)
  const attach: EmulatorWorld['attach'] = (
    gatewayId,
    { cacheSeconds = 0, openPath, keyPath, shape, domains = [] } = {},
  ) =>
    makeConsumersApi(wire, deployment, backend, {
      gatewayId,
      stages: STAGES,
      authorizerCacheTtlSeconds: cacheSeconds,
      domains,
      ...(openPath !== undefined && { openPath }),
      ...(keyPath !== undefined && { keyPath }),
      ...(shape !== undefined && { shape }),
    })
  const services = { ...(await connect(deployment.outputs.environment)), log: errorsOnly }
  const api = deployment.outputs.url.replace(/\/$/, '')
  const models = () => readModels(wire, deployment, services)
  const callOnce: EmulatorWorld['callOnce'] = (call) =>
    callUrl(endpoint, call.host === undefined ? { ...call, path: `/_aws/execute-api${call.path}` } : call)
  const world: EmulatorWorld = {
    ...deployedLevers({ wire, deployment }, services),
    emulator,
    installation,
    signIn,
    wire,
    deployment,
    services,
    attach,
    api,
    gateway: gatewayOf(endpoint),
    credential,
    credentialFile,
    client: createClient({
      endpoint: api,
      credential: new Redacted(credential),
      timeLimitMilliseconds: 30_000,
    }),
    call: askedAgain(callOnce),
    callOnce,
    publishHubEvent: (type, detail) => publishHubEvent(wire, deployment, type, detail),
    readModels: models,
    settled: settling(models, () => waitingIn({ wire, deployment }, Object.keys(subscriptions))),
    stop: async () => {
      await emulator.stop()
      await signIn.close()
    },
  }
  await world.settled()
  return world
}

/** `SendMessageBatch` needs `sqs:SendMessage` in AWS; the emulator asks for an action of the same name, which IAM has not. */
const letBatchesPass = async (world: Pick<EmulatorWorld, 'wire' | 'deployment'>): Promise<void> => {
  const role = roleNamed(world, 'FanOutToWebhooksSubscriber')
  const { name, statements } = await rolePolicyOf(world, role)
  const passing = statements.map((statement) => {
    const { Action } = statement
    return Action.includes('sqs:SendMessage')
      ? { ...statement, Action: [...Action, 'sqs:SendMessageBatch'] }
      : statement
  })
  await writeRolePolicy(world, role, name, passing)
}

/** As it is where an emulator has started from it. */
const moved = ({ installation, endpoint: was }: KeptInstallation, endpoint: string): Installation =>
  JSON.parse(JSON.stringify(installation).replaceAll(was, endpoint)) as Installation

/** What functions are told beside their own variables, the programs of whoever deploys are told as well. */
const saying = (deployment: Deployment, variables: Readonly<Record<string, string>>): Deployment => {
  const { outputs } = deployment
  return { ...deployment, outputs: { ...outputs, environment: { ...outputs.environment, ...variables } } }
}

const MOST_QUESTIONS = 5

/**
 * An authorizer that gets no processor in time answers 500, as it must; what it has to say, allow or refuse, is asked for
 * again. Here that is a matter of what else the machine does, and it says so.
 */
const askedAgain =
  (ask: EmulatorWorld['callOnce']): EmulatorWorld['call'] =>
  async (call) => {
    for (let left = MOST_QUESTIONS; left > 1; left--) {
      const called = await ask(call)
      if (called.status !== 500) return called
      process.stderr.write(`ASKED AGAIN after a 500: ${call.path}\n`)
    }
    return ask(call)
  }

let spokenTo: string | undefined

/** The SDK finds AWS by the environment whenever a client is made, which may be late: a process has one AWS, and keeps it. */
const speakTo = (endpoint: string): void => {
  spokenTo ??= endpoint
  if (spokenTo !== endpoint) throw new Error('another world of this process speaks to an AWS of its own')
  Object.assign(process.env, credentialsFor(endpoint))
}

/** As an administrator does after the first deployment. */
const putServiceAccount = async (
  wire: Wire,
  { resources }: Deployment,
  { serviceAccount }: SignInStandIns,
): Promise<void> => {
  const secret = resources.find(({ type, name }) => type.endsWith(':Secret') && name === 'Directory')
  if (!secret) throw new Error('the deployment made no secret for the directory')
  const value = { SecretId: secret.id, SecretString: serviceAccount, ClientRequestToken: crypto.randomUUID() }
  await wire.target('secretsmanager', 'PutSecretValue', value)
}

const publishHubEvent = async (wire: Wire, { outputs }: Deployment, DetailType: string, detail: unknown) => {
  const Entries = [
    { EventBusName: outputs.bus, Source: HUB_SOURCE, DetailType, Detail: JSON.stringify(detail) },
  ]
  const put = await wire.target('events', 'PutEvents', { Entries })
  const [entry] = put.Entries as readonly { readonly EventId?: string }[]
  if (!entry?.EventId) throw new Error(`the bus did not take the event: ${JSON.stringify(put)}`)
  return entry.EventId
}

/**
 * Nothing waits for a subscriber, and the read model is what the event log makes of it; what a receiver of webhooks did not
 * take waits for hours. A look reads both tables where no queue says so already: it waits longer each time.
 */
const settling = (
  models: () => ReturnType<typeof readModels>,
  waiting: () => Promise<readonly string[]>,
): (() => Promise<void>) => {
  const inQueues = async () => (await waiting()).map((name) => `messages in ${name}`)
  const inTables = async () => unwritten(await models())
  // The queues once more, in the end: an event may have come from the ledger meanwhile, and the projector is quick.
  const look = async (): Promise<readonly string[]> => {
    for (const left of [inQueues, inTables, inQueues]) {
      const found = await left()
      if (found.length > 0) return found
    }
    return []
  }
  let patience = PATIENCE_MILLISECONDS
  return async () => {
    const end = performance.now() + patience
    for (let wait = LOOK_MILLISECONDS; ; wait = Math.min(2 * wait, LONGEST_LOOK_MILLISECONDS)) {
      const left = await look().catch(unanswered)
      if (left.length === 0) break
      if (performance.now() > end) {
        patience = REMAINING_PATIENCE_MILLISECONDS
        throw new Error(`the pipeline did not settle: ${left.join(', ')}`)
      }
      await setTimeout(wait)
    }
    patience = PATIENCE_MILLISECONDS
  }
}

/** An emulator that is busy may not answer a look in time; the next one it may. */
const unanswered = (error: unknown): readonly string[] => {
  if (isUnavailable(error) || isUnanswered(error)) return [`a look that was not answered: ${String(error)}`]
  throw error
}

const unwritten = ({ rebuilt, live }: Awaited<ReturnType<typeof readModels>>) => {
  const keys = [...new Set([...rebuilt.keys(), ...live.keys()])]
  const different = keys.filter((key) => !isDeepStrictEqual(rebuilt.get(key), live.get(key)))
  return different.map((key) => `${key} is not what the log says`)
}
