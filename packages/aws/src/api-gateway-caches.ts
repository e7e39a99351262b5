import type { AuthorizerCaches, Flushed } from '@countersign/core/registry'
import type { Coordinates } from '@countersign/core/shared'
import type { Pace } from './paced.ts'
import { type Credentials, signed } from './sigv4.ts'

export interface ApiGatewayCachesOptions {
  /** Ours: the caches of other accounts are theirs to flush. */
  readonly accountId: string
  /** Another address than AWS's own, such as an emulator's. */
  readonly endpoint?: string | undefined
  readonly credentials: () => Credentials
  readonly clock?: () => Date
  /** API Gateway takes few calls of an account. */
  readonly pace: Pace
  readonly fetch?: (url: URL, init: RequestInit) => Promise<Pick<Response, 'status' | 'headers'>>
}

const LIMIT_MILLISECONDS = 5_000

/**
 * API Gateway's own caches: `FlushStageAuthorizersCache` of a REST API, and `ResetAuthorizersCache` of an HTTP API, which
 * an id does not tell apart. Two calls do not pay for two of the SDK's clients in the bundle.
 */
export const apiGatewayCaches = (options: ApiGatewayCachesOptions): AuthorizerCaches => {
  const remove = async (region: string, path: string): Promise<boolean> => {
    await options.pace()
    return removed(options, region, path)
  }
  return {
    flush: async ({ accountId, region, gatewayId, stage }: Coordinates): Promise<Flushed> => {
      if (accountId !== options.accountId) return 'elsewhere'
      const at = `${gatewayId}/stages/${encodeURIComponent(stage)}/cache/authorizers`
      if (await remove(region, `/restapis/${at}`)) return 'flushed'
      return (await remove(region, `/v2/apis/${at}`)) ? 'flushed' : 'gone'
    },
  }
}

/** False when there is no such API or stage. */
const removed = async (options: ApiGatewayCachesOptions, region: string, path: string): Promise<boolean> => {
  const { status, code } = await call(options, region, path)
  if (status === 202 || status === 204) return true
  if (status === 404) return false
  throw new Error(`flushing an authorizer's cache failed: ${status} ${code}`)
}

const call = async (
  { endpoint, credentials, clock = () => new Date(), fetch: send = fetch }: ApiGatewayCachesOptions,
  region: string,
  path: string,
): Promise<{ readonly status: number; readonly code: string }> => {
  const url = new URL(path, endpoint ?? `https://apigateway.${region}.amazonaws.com`)
  const request = { method: 'DELETE', url, headers: {}, body: '' }
  const { host: _, ...headers } = signed(request, credentials(), { region, service: 'apigateway' }, clock())
  try {
    const answer = await send(url, {
      method: 'DELETE',
      headers,
      signal: AbortSignal.timeout(LIMIT_MILLISECONDS),
    })
    return { status: answer.status, code: answer.headers.get('x-amzn-errortype')?.split(':')[0] ?? 'unknown' }
  } catch (cause) {
    throw new Error("the gateway's control plane could not be reached", { cause })
  }
}
