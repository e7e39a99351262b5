import { type Coordinates, err, ok, type Result } from '@countersign/core/shared'
import { methodArnOf } from './authorizer-event.ts'
import { globMatches } from './iam-policy.ts'
import type { AuthorizerContext, GatewayRequest } from './message.ts'
import type { SignatureRefusal } from './responses.ts'
import { type SigningCredential, verifySignature } from './signature.ts'

/** Somebody who signs requests, and which methods may be invoked so. */
export interface LocalCredential extends SigningCredential {
  /** Shows in the caller's ARN. */
  readonly name: string
  /** ARN patterns of `execute-api:Invoke`; everything unless given. */
  readonly resources?: readonly string[]
}

/** A caller whose signature is good. */
export interface SignedCaller {
  readonly context: AuthorizerContext
  /** What goes on: without the signature's own parameters. */
  readonly request: GatewayRequest
}

/** Judges requests to `iam` routes. */
export type Iam = (
  request: GatewayRequest,
  coordinates: Coordinates,
) => Result<SignedCaller, SignatureRefusal>

/** IAM as far as one machine needs it: whoever holds one of these credentials may invoke what it opens. */
export const localIam = (credentials: readonly LocalCredential[], clock: () => Date): Iam => {
  const known = new Map(credentials.map((credential) => [credential.accessKeyId, credential]))
  return (request, coordinates) => {
    const verified = verifySignature(request, coordinates.region, (id) => known.get(id), clock())
    if (!verified.ok) return verified
    const credential = verified.value
    const arn = methodArnOf(coordinates, request.method, request.path)
    if (!(credential.resources ?? ['*']).some((pattern) => globMatches(pattern, arn)))
      return err(denied(arnOf(credential, coordinates), arn))
    return ok({ context: contextOf(credential, coordinates), request: unsigned(request) })
  }
}

const arnOf = ({ name, sessionToken }: LocalCredential, { accountId }: Coordinates): string =>
  sessionToken
    ? `arn:aws:sts::${accountId}:assumed-role/local/${name}`
    : `arn:aws:iam::${accountId}:user/${name}`

const denied = (userArn: string, resource: string): SignatureRefusal => ({
  type: 'AccessDeniedException',
  message: `User: ${userArn} is not authorized to perform: execute-api:Invoke on resource: ${resource}`,
})

const contextOf = (credential: LocalCredential, coordinates: Coordinates): AuthorizerContext => ({
  principalId: credential.accessKeyId,
  accountId: coordinates.accountId,
  userArn: arnOf(credential, coordinates),
})

/** A backend has no use for a signature, and must not be able to pass a session token on. */
const unsigned = (request: GatewayRequest): GatewayRequest => ({
  ...request,
  query: request.query
    .split('&')
    .filter((pair) => !pair.startsWith('X-Amz-'))
    .join('&'),
})
