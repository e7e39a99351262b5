import type { GatewayRequest } from './message.ts'
import { type CustomDomain, DEFAULT_STAGE, type GatewayDescription } from './setup.ts'

/** Where a URL leads. */
export type Address = Pick<GatewayRequest, 'gatewayId' | 'stage' | 'path' | 'wirePath' | 'query' | 'domain'>

/** Path and query as they were sent: nothing is decoded or normalised on the way to the authorizer. */
const splitUrl = (url: string): { readonly path: string; readonly query: string } => {
  const at = url.indexOf('?')
  return at < 0 ? { path: url, query: '' } : { path: url.slice(0, at), query: url.slice(at + 1) }
}

/** All of a URL's path, where nothing stands before it. */
export const wholeUrl = (url: string): Pick<Address, 'path' | 'wirePath' | 'query'> => {
  const { path, query } = splitUrl(url)
  return { path, wirePath: path, query }
}

interface Mapping extends Required<CustomDomain> {
  readonly gatewayId: string
  readonly stage: string
}

/**
 * Reads where a request goes: a custom domain by its `Host`, `{gatewayId}.execute-api.…` as on AWS, and
 * `/{gatewayId}/{stage}/{path}` on any other. `deployed` tells whether something lives at a gateway's stage.
 */
export const addressReader = (
  descriptions: readonly GatewayDescription[],
  deployed: (gatewayId: string, stage: string) => boolean,
) => {
  const mappings = mappingsOf(descriptions)
  const hosts = new Set(mappings.map(({ host }) => host))
  return (url: string, hostHeader: string | undefined): Address | 'not-mapped' | undefined => {
    const { path: wirePath, query } = splitUrl(url)
    const host = hostOf(hostHeader)
    const rest = { wirePath, query }
    if (hosts.has(host)) {
      const mapped = throughDomain(mappings, host, wirePath)
      return mapped ? { ...mapped, ...rest } : 'not-mapped'
    }
    const [, named] = /^([a-z0-9]{1,32})\.execute-api\./.exec(host) ?? []
    const [, inPath, below] = /^\/([a-z0-9]{1,32})(\/.*)?$/.exec(wirePath) ?? []
    const gatewayId = named ?? inPath
    if (gatewayId === undefined) return undefined
    const staged = throughStage(gatewayId, (named ? wirePath : below) ?? '/', deployed)
    return staged && { ...staged, ...rest }
  }
}

/** Without the port, in small letters. */
const hostOf = (header: string | undefined): string => (header ?? '').toLowerCase().replace(/:\d+$/, '')

/** The longest base path first. */
const mappingsOf = (descriptions: readonly GatewayDescription[]): readonly Mapping[] =>
  descriptions
    .flatMap(({ gatewayId, stage = DEFAULT_STAGE, domains = [] }) =>
      domains.map(({ host, basePath = '' }) => ({
        host: host.toLowerCase(),
        basePath: basePath === '' ? '' : `/${basePath.replaceAll(/^\/|\/$/g, '')}`,
        gatewayId,
        stage,
      })),
    )
    .toSorted((a, b) => b.basePath.length - a.basePath.length)

/** What a mapping leaves of a path when it takes its base path away. */
const throughDomain = (mappings: readonly Mapping[], host: string, wirePath: string) => {
  const mapping = mappings.find(
    (one) => one.host === host && (wirePath === one.basePath || wirePath.startsWith(`${one.basePath}/`)),
  )
  if (!mapping) return undefined
  const { gatewayId, stage, basePath } = mapping
  return { gatewayId, stage, path: wirePath.slice(basePath.length) || '/', domain: host }
}

const STAGE = /^\/([A-Za-z0-9_$-]{1,128})(\/.*)?$/

/** A stage that has a name is a segment of the path; `$default` takes all that no other stage does. */
const throughStage = (
  gatewayId: string,
  path: string,
  deployed: (gatewayId: string, stage: string) => boolean,
) => {
  const [, stage, below = '/'] = STAGE.exec(path) ?? []
  const named = stage !== undefined && stage !== DEFAULT_STAGE
  if (named && deployed(gatewayId, stage)) return { gatewayId, stage, path: below }
  if (deployed(gatewayId, DEFAULT_STAGE)) return { gatewayId, stage: DEFAULT_STAGE, path }
  return stage === undefined ? undefined : { gatewayId, stage, path: below }
}
