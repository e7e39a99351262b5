import { GATEWAY_SHAPES, type GatewayDescription, type GatewayShape } from '../gateway/setup.ts'
import { StartFailure } from './failure.ts'

/** How gateways are described on the command line; each option may come more than once. */
export interface GatewayFlags {
  /** `abc123/staging=http-simple`, or `abc123=…` for all of its stages. */
  readonly shape?: readonly string[]
  /** `api.example.org/v1=abc123/staging`. */
  readonly domain?: readonly string[]
  /** `abc123/staging=https://app.example.org`, or `…=*`. */
  readonly cors?: readonly string[]
}

const PLACE = '([a-z0-9]{1,32})(?:/([A-Za-z0-9_$-]{1,128}))?'

/** Throws `StartFailure` for what is no description. */
export const gatewaysIn = ({ shape = [], domain = [], cors = [] }: GatewayFlags): GatewayDescription[] => {
  const described = new Map<string, GatewayDescription>()
  const add = (place: Place, said: Partial<GatewayDescription>) => {
    const key = `${place.gatewayId}/${place.stage}`
    const { stage, ...rest } = place
    described.set(key, { ...rest, ...(stage !== undefined && { stage }), ...described.get(key), ...said })
  }
  for (const text of shape) add(placeIn(text, '--shape', SHAPED), { shape: shapeIn(text) })
  for (const text of cors) add(placeIn(text, '--cors', CORS), { cors: corsFor(afterEquals(text)) })
  for (const [place, domains] of domainsIn(domain)) add(place, { domains })
  return [...described.values()]
}

interface Place {
  readonly gatewayId: string
  readonly stage: string | undefined
}

const SHAPED = 'such as abc123/staging=http-simple'
const CORS = 'such as abc123/staging=https://app.example.org'

const afterEquals = (text: string): string => text.slice(text.indexOf('=') + 1)

const placeIn = (text: string, option: string, example: string): Place => {
  const [, gatewayId, stage, said] = new RegExp(`^${PLACE}=(.+)$`).exec(text) ?? []
  if (gatewayId === undefined || !said)
    throw new StartFailure(`${option} takes a gateway ${example}, not "${text}"`)
  return { gatewayId, stage }
}

const shapeIn = (text: string): GatewayShape => {
  const found = GATEWAY_SHAPES.find((one) => one === afterEquals(text))
  if (!found)
    throw new StartFailure(`--shape takes one of ${GATEWAY_SHAPES.join(', ')}, not "${afterEquals(text)}"`)
  return found
}

const corsFor = (origin: string) => ({
  allowOrigins: [origin],
  allowMethods: ['GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'HEAD'],
  allowHeaders: ['authorization', 'content-type', 'x-api-key'],
})

/** A stage with two domains, or with two base paths, is described once. */
const domainsIn = (texts: readonly string[]) => {
  const found = texts.map((text) => {
    const [, host, basePath, gatewayId, stage] =
      new RegExp(`^([A-Za-z0-9.-]+)(/[^=\\s]*)?=${PLACE}$`).exec(text) ?? []
    if (host === undefined || gatewayId === undefined || stage === undefined)
      throw new StartFailure(
        `--domain takes a mapping such as api.example.org/v1=abc123/staging, not "${text}"`,
      )
    return { place: { gatewayId, stage }, domain: { host, ...(basePath !== undefined && { basePath }) } }
  })
  const places = Map.groupBy(found, ({ place }) => `${place.gatewayId}/${place.stage}`)
  return [...places.values()].flatMap((group) => {
    const [first] = group
    return first ? [[first.place, group.map(({ domain }) => domain)] as const] : []
  })
}
