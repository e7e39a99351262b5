import { AsyncLocalStorage } from 'node:async_hooks'
import { make as makeAuthorizer } from '@countersign/functions/authorizer/authorize'
import { make as makeSimpleAuthorizer } from '@countersign/functions/authorizer/authorize-simply'
import type { AuthorizerServices } from '@countersign/functions/authorizer/deciding'
import { causesOf } from '@countersign/functions/runtime/http'
import type { Log, LogLine, Services } from '@countersign/functions/runtime/services'
import { addressReader, wholeUrl } from '../gateway/address.ts'
import {
  type Authorizer,
  type Authorizers,
  createGateway,
  type GatewayOptions,
  type Integration,
  placeAt,
} from '../gateway/gateway.ts'
import { type LocalCredential, localIam } from '../gateway/iam.ts'
import type { GatewayRequest, GatewayResponse } from '../gateway/message.ts'
import { type GatewayDescription, setupReader } from '../gateway/setup.ts'
import { createMeter } from '../gateway/usage.ts'
import type { PeopleFile } from '../oidc/people.ts'
import { startOidcProvider } from '../oidc/provider.ts'
import { type Listening, listen } from '../server/http-server.ts'
import { asProblem, missingRoute, PLATFORM_COORDINATES, platformIntegration } from '../server/platform-api.ts'
import { proxyTo, startExampleUpstream } from '../server/upstream.ts'
import { codeOf, StartFailure } from './failure.ts'
import type { LocalServices } from './services.ts'

export interface ServerOptions {
  readonly port: number
  readonly gatewayPort: number
  /** Of the OpenID provider of this machine; any that is free unless given. */
  readonly signInPort?: number
  readonly upstream?: string
  /** Answers what the gateway let through, instead of an upstream. */
  readonly integrate?: Integration
  /** How gateways are set up that are not REST APIs with a `REQUEST` authorizer at their own URL. */
  readonly gateways?: readonly GatewayDescription[]
  /** Told of every request through the gateway. */
  readonly onRequest?: (request: GatewayRequest, served: Served) => void
}

/** What became of a request. */
export interface Served {
  readonly status: number
  readonly milliseconds: number
  /** Why the authorizer decided as it did; callers never learn it. Undefined when it was not asked. */
  readonly reason: string | undefined
  readonly tokenId: string | undefined
}

export interface Servers {
  readonly api: string
  readonly gateway: string
  /** The OpenID provider of this machine: its issuer. */
  readonly signIn: string
  close(): Promise<void>
}

type Failed = (error: unknown) => void

/** What lives where, by what a URL tells. */
export interface Deployments extends Pick<GatewayOptions, 'placeOf'> {
  readonly isDeployed: (gatewayId: string, stage: string) => boolean
}

/** The HTTP API behind its own gateway, the gateway for everybody's APIs, the example behind that. */
export const startServers = async (
  options: ServerOptions,
  services: LocalServices,
  deployments: Deployments,
  credentials: readonly LocalCredential[],
  people: PeopleFile,
  failed: Failed,
): Promise<Servers> => {
  const listening: Listening[] = []
  const open = async (starting: Promise<Listening>, port: number, option: string) => {
    const server = await starting.catch((error: unknown) => {
      throw portFailure(error, port, option)
    })
    listening.push(server)
    return server.url
  }
  const close = async () => void (await Promise.all(listening.splice(0).map((server) => server.close())))
  const { clock } = services
  const { gateways = [] } = options
  const common = {
    clock,
    authorizers: telling(services),
    cache: services.authorizerCache,
    setupOf: setupReader(gateways),
    iam: localIam(credentials, clock),
    meter: createMeter(services.gatewayKeys, clock),
  }
  try {
    const api = await open(listenForApi(options.port, common, services, failed), options.port, '--port')
    const integrate =
      options.integrate ?? proxyTo(options.upstream ?? (await open(startExampleUpstream(failed), 0, '')))
    const front = createGateway({ ...common, placeOf: deployments.placeOf, integrate })
    const addressOf = addressReader(gateways, deployments.isDeployed)
    const serving = listen(
      options.gatewayPort,
      addressOf,
      options.onRequest ? timed(front, options.onRequest) : front,
      failed,
    )
    const gateway = await open(serving, options.gatewayPort, '--gateway-port')
    const port = options.signInPort ?? 0
    const signIn = await open(startOidcProvider({ port, people, clock, failed }), port, '--sign-in-port')
    return { api, gateway, signIn, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** API Gateway answers 500 and says nothing; whoever runs the platform has to be told why. */
const telling = (services: Services): Authorizers => {
  const remembered: AuthorizerServices = { ...services, log: remembering(services.log) }
  return {
    policy: complaining(makeAuthorizer(remembered), services),
    simple: complaining(makeSimpleAuthorizer(remembered), services),
  }
}

const complaining =
  (authorize: Authorizer, services: Services): Authorizer =>
  (event) =>
    authorize(event).catch((error: unknown) => {
      if (!(error instanceof Error && error.message === 'Unauthorized'))
        services.log({ level: 'error', message: 'the authorizer failed', error: causesOf(error) })
      throw error
    })

const listenForApi = (
  port: number,
  common: Omit<GatewayOptions, 'placeOf' | 'integrate'>,
  services: Services,
  failed: Failed,
): Promise<Listening> => {
  const { gatewayId, stage } = PLATFORM_COORDINATES
  const integrate = platformIntegration(services)
  const placeOf = () => placeAt(services.accessRows, PLATFORM_COORDINATES)
  const gateway = createGateway({ ...common, placeOf, integrate })
  const serve = async (request: GatewayRequest) =>
    missingRoute(request) ?? asProblem(await gateway(request), request)
  return listen(port, (url) => ({ gatewayId, stage, ...wholeUrl(url) }), serve, failed, asProblem)
}

const portFailure = (error: unknown, port: number, option: string): unknown => {
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return new StartFailure(
        `port ${port} is taken; stop what listens there, or choose another with ${option} N`,
        error,
      )
    case 'EACCES':
      return new StartFailure(`port ${port} may not be used; choose one above 1023 with ${option} N`, error)
    default:
      return error
  }
}

/** The decision that a request led to, while the request is served. */
const decisions = new AsyncLocalStorage<{ line?: LogLine }>()

const remembering =
  (log: Log): Log =>
  (line) => {
    const served = decisions.getStore()
    if (served && line.message === 'decision') served.line = line
    log(line)
  }

const timed =
  (
    serve: (request: GatewayRequest) => Promise<GatewayResponse>,
    told: NonNullable<ServerOptions['onRequest']>,
  ) =>
  async (request: GatewayRequest): Promise<GatewayResponse> => {
    const start = performance.now()
    const decision: { line?: LogLine } = {}
    const response = await decisions.run(decision, () => serve(request))
    const said = (member: string) => {
      const value = decision.line?.[member]
      return typeof value === 'string' ? value : undefined
    }
    const milliseconds = performance.now() - start
    told(request, {
      status: response.status,
      milliseconds,
      reason: said('reason'),
      tokenId: said('tokenId'),
    })
    return response
  }
