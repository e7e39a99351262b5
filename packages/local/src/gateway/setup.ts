import type { Cors } from './cors.ts'

/** Which kind of API stands in front of a deployment, and how its authorizer is asked. */
export const GATEWAY_SHAPES = ['rest-request', 'rest-token', 'http-iam', 'http-simple'] as const
export type GatewayShape = (typeof GATEWAY_SHAPES)[number]

/** What a team tells API Gateway about a deployment and the platform need not know. */
export interface GatewaySetup {
  readonly shape: GatewayShape
  /**
   * As API Gateway writes them: `method.request.header.Authorization`, `method.request.querystring.q`, `context.path`
   * for REST APIs; `$request.header.Authorization`, `$request.querystring.q`, `$context.routeKey` for HTTP APIs.
   */
  readonly identitySources: readonly string[]
  /** Of a `rest-token` authorizer: what does not match it whole is 401, without a call. */
  readonly tokenPattern?: string
  readonly cors?: Cors
}

/** Where a deployment is called besides `/{gatewayId}/{stage}`. */
export interface CustomDomain {
  readonly host: string
  /** `/v1`; the whole domain when there is none. */
  readonly basePath?: string
}

/** How one gateway is set up; without a stage, all of its stages. */
export interface GatewayDescription extends Partial<GatewaySetup> {
  readonly gatewayId: string
  readonly stage?: string
  readonly domains?: readonly CustomDomain[]
}

export const isHttp = (shape: GatewayShape): boolean => shape.startsWith('http-')

/** Only HTTP APIs have this stage. */
export const DEFAULT_STAGE = '$default'

const sourcesOf = (shape: GatewayShape): readonly string[] =>
  isHttp(shape) ? ['$request.header.Authorization'] : ['method.request.header.Authorization']

/** The setup of a stage: its own description before its gateway's, and what API teams have when they say nothing. */
export const setupReader = (descriptions: readonly GatewayDescription[] = []) => {
  const made = new Map<string, GatewaySetup>()
  const describe = (gatewayId: string, stage: string): GatewaySetup => {
    const own = descriptions.filter((one) => one.gatewayId === gatewayId && (one.stage ?? stage) === stage)
    const said = Object.assign(
      {},
      ...own.toSorted((a, b) => Number(!!a.stage) - Number(!!b.stage)),
    ) as Partial<GatewaySetup>
    const shape = said.shape ?? (stage === DEFAULT_STAGE ? 'http-iam' : 'rest-request')
    return { ...said, shape, identitySources: said.identitySources ?? sourcesOf(shape) }
  }
  return (gatewayId: string, stage: string): GatewaySetup => {
    const key = `${gatewayId}/${stage}`
    const known = made.get(key)
    if (known) return known
    const setup = describe(gatewayId, stage)
    if (made.size < MOST_KEPT) made.set(key, setup)
    return setup
  }
}

/** Stages come out of URLs, so strangers choose them. */
const MOST_KEPT = 1_000
