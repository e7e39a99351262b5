export type { UpstreamHandler } from '../server/upstream.ts'
export { type AuthorizerCache, createAuthorizerCache } from './authorizer-cache.ts'
export type { Cors } from './cors.ts'
export type { LocalCredential } from './iam.ts'
export { evaluatePolicy, globMatches, type PolicyVerdict } from './iam-policy.ts'
export { parseCredentials } from './local-credentials.ts'
export {
  type CustomDomain,
  GATEWAY_SHAPES,
  type GatewayDescription,
  type GatewaySetup,
  type GatewayShape,
} from './setup.ts'
export type { TestCallers, TestRule, TestSession, TestSessionOptions, TestSigner } from './test-callers.ts'
export {
  startTestGateway,
  type TestDecision,
  type TestDelivery,
  type TestGateway,
  type TestGatewayOptions,
  type TestRequest,
  type TestToken,
  type TestTokenOptions,
} from './test-gateway.ts'
