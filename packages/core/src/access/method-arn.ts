import type { Coordinates } from '../shared/coordinates.ts'

/** What a request asks for, taken from the ARN that API Gateway authorises. */
export interface AccessRequest {
  readonly coordinates: Coordinates
  readonly method: string
  /** Starts with `/`, as the client sent it, without stage and query. */
  readonly path: string
  /** `arn:aws:execute-api:region:account:gateway/stage`, to which `/METHOD/path` is appended in policies. */
  readonly stageArn: string
  /** The whole of what API Gateway asked about. */
  readonly methodArn: string
}

const METHOD_ARN =
  /^(arn:aws(?:-cn|-us-gov|-iso(?:-[bef])?|-eusc)?:execute-api:([a-z0-9-]+):([0-9]{12}):([a-z0-9]+)\/([A-Za-z0-9_$-]+))\/([A-Z]+)(\/.*)?$/s

/** Reads `arn:aws:execute-api:eu-west-2:111111111111:abc123/staging/GET/tenancies/7`. */
export const parseMethodArn = (methodArn: string): AccessRequest | undefined => {
  const match = METHOD_ARN.exec(methodArn)
  if (!match) return undefined
  const [, stageArn = '', region = '', accountId = '', gatewayId = '', stage = '', method = '', path = '/'] =
    match
  return { coordinates: { accountId, region, gatewayId, stage }, method, path, stageArn, methodArn }
}
