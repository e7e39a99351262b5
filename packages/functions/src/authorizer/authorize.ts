import type { AccessRowReader } from '@countersign/core/access'
import * as Access from '@countersign/core/access/module'
import type { KeyRingReader } from '@countersign/core/signing-key'
import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda'
import { connectAuthorizer } from '../runtime/connect-authorizer.ts'
import type { Services } from '../runtime/services.ts'
import { warmed } from '../runtime/warmed.ts'
import { answerOf } from './answer.ts'
import { judge } from './judge.ts'
import { cachedVerifier } from './key-ring-cache.ts'

/** What the authorizer needs: it reads the read model and the key ring, and writes nothing. */
export interface AuthorizerServices extends Pick<Services, 'clock' | 'newId' | 'settings' | 'log'> {
  readonly accessRows: AccessRowReader
  readonly keyRing: KeyRingReader
}

/**
 * A Lambda authorizer for REST APIs, shape `REQUEST`. Answers with a policy, throws exactly `Unauthorized` for 401, and
 * lets every failure of a store through as it is, which API Gateway answers with 500: never Allow.
 */
export const make = (services: AuthorizerServices) => {
  const verify = cachedVerifier(services.keyRing, services.settings.ringRefreshSeconds)
  return async (event: APIGatewayRequestAuthorizerEvent): Promise<APIGatewayAuthorizerResult> => {
    const now = services.clock()
    const decisionId = services.newId('decision')
    const judged = await judge(event ?? {}, verify, services, now)
    services.log({ level: 'info', message: 'decision', decisionId, ...judged.line })
    if (!judged.decision.ok && Access.CHALLENGES[judged.decision.error.reason] === 'invalid_token')
      throw new Error('Unauthorized') // API Gateway turns exactly this message into 401
    return answerOf(judged, decisionId)
  }
}

export const handler = warmed(connectAuthorizer, make)
