import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { StartFailure } from './platform/failure.ts'
import { gatewaysIn } from './platform/gateway-options.ts'
import { watchLaunchers } from './platform/launcher.ts'
import type { Platform } from './platform/platform.ts'
import { banner, HELP, requestLine } from './platform/words.ts'

const say = (text: string) => void process.stdout.write(`${text}\n`)
const complain = (text: string) => void process.stderr.write(`countersign: ${text}\n`)

const readOptions = () => {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8787' },
      'gateway-port': { type: 'string', default: '8788' },
      'sign-in-port': { type: 'string' },
      data: { type: 'string', default: '.countersign' },
      upstream: { type: 'string' },
      shape: { type: 'string', multiple: true },
      domain: { type: 'string', multiple: true },
      cors: { type: 'string', multiple: true },
      'webhook-host': { type: 'string', multiple: true },
      'sign-in': { type: 'string' },
      'service-account': { type: 'string' },
      'signing-algorithm': { type: 'string', default: process.env.COUNTERSIGN_SIGNING_ALGORITHM ?? '' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const port = portOf(values.port, '--port')
  const gatewayPort = portOf(values['gateway-port'], '--gateway-port')
  // Whoever asks for any free port of the API means all of them.
  const signInPort = portOf(values['sign-in-port'] ?? (port === 0 ? '0' : '8789'), '--sign-in-port')
  const upstream = upstreamOf(values.upstream)
  return { ...values, port, gatewayPort, signInPort, upstream, gateways: gatewaysIn(values) }
}

const portOf = (text: string, option: string): number => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) throw new StartFailure(`${option} takes a number from 0 to 65535, not "${text}"`)
  return port
}

/** An origin, or a URL below which the paths of requests are appended. */
const upstreamOf = (text: string | undefined): string | undefined => {
  if (text === undefined) return undefined
  if (URL.canParse(text) && new URL(text).protocol === 'http:') return text.replace(/\/$/, '')
  throw new StartFailure(`--upstream takes a URL such as http://127.0.0.1:3000, not "${text}"`)
}

/** Receivers of webhooks on this machine, or in its network. */
const webhookHostsIn = async (hosts: readonly string[] = []) => {
  const { Webhooks } = await import('@countersign/core/webhook')
  const read = Webhooks.readAllowedHosts(hosts.join(','))
  if (read.ok) return read.value
  throw new StartFailure(`--webhook-host takes a host such as 127.0.0.1:9000, not "${read.error}"`)
}

const start = async ({
  json,
  port,
  gatewayPort,
  signInPort,
  upstream,
  gateways,
  'webhook-host': webhookHosts,
  data,
  'sign-in': signInFile,
  'service-account': serviceAccountFile,
  'signing-algorithm': algorithm,
}: ReturnType<typeof readOptions>): Promise<void> => {
  if (!json) say('Countersign is starting …')
  const folder = resolve(data)
  // Loaded after the first word: whoever started it should not wait in silence for a hundred modules.
  const { startPlatform } = await import('./platform/platform.ts')
  const { signInGiven } = await import('./platform/sign-in-options.ts')
  const platform = await startPlatform({
    data: folder,
    port,
    gatewayPort,
    gateways,
    webhookHosts: await webhookHostsIn(webhookHosts),
    signInPort,
    ...(upstream !== undefined && { upstream }),
    ...signInGiven({ text: process.env.COUNTERSIGN_SIGN_IN, file: signInFile, serviceAccountFile }),
    signingAlgorithm: await algorithmNamed(algorithm),
    log: (line) => {
      if (line.level !== 'info') complain(JSON.stringify(line))
    },
    ...(!json && { onRequest: (...told) => say(requestLine(...told)) }),
  })
  const { api, gateway, signIn, credentialFile: credential, awsCredentialsFile: awsCredentials } = platform
  stopOnSignals(platform, json) // before anybody is told that there is something to stop
  say(
    json
      ? JSON.stringify({ api, gateway, signIn, credential, awsCredentials })
      : banner({ api, gateway, signIn, credential, awsCredentials, data: folder, upstream }),
  )
}

const algorithmNamed = async (text: string) => {
  const { signingAlgorithm } = await import('@countersign/topology')
  try {
    return signingAlgorithm(text)
  } catch (error) {
    throw new StartFailure((error as Error).message)
  }
}

const stopOnSignals = (platform: Platform, json: boolean): void => {
  let stopping = false
  const stop = () => {
    if (stopping) return
    stopping = true
    if (!json) say('\nStopping …')
    platform.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error, 1),
    )
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  watchLaunchers(stop)
}

const fail = (error: unknown, code: number): never => {
  complain(error instanceof Error ? error.message : String(error))
  process.exit(code)
}

const optionsGiven = () => {
  try {
    return readOptions()
  } catch (error) {
    return fail(error, 2)
  }
}

process.stdout.on('error', () => {}) // whoever read along may go; the platform stays

const options = optionsGiven()
if (options.help) say(HELP)
else await start(options).catch((error: unknown) => fail(error, 1))
