/** Every `*` that a policy may hold, and why. The test of the stacks reads this list and refuses any other. */
export const WILDCARDS = {
  logStreams: {
    suffix: ':*',
    service: 'logs',
    reason: 'Lambda names a log stream when a container starts; the log group before the suffix is exact.',
  },
  consumerKeys: {
    suffix: '/*',
    service: 'secretsmanager',
    reason:
      'Each consumer that signs its own tokens has a secret, made when it is registered; the prefix of this stage is exact.',
  },
  authorizerCaches: {
    suffix: '/*/stages/*/cache/authorizers',
    service: 'apigateway',
    reason:
      "Which API Gateways of this account are flushed is known when they are registered; the action empties an authorizer's cache and nothing else.",
  },
  apiMethods: {
    suffix: '/*',
    service: 'execute-api',
    reason:
      'SST lets every method of one API invoke the function of a route; the API before the suffix is exact.',
  },
  wholeApi: {
    suffix: ':/*',
    service: 'execute-api',
    reason:
      'The policy of the API for machines is about all of that API; AWS puts its id before the slash. Its methods say which routes there are.',
  },
  usagePlans: {
    suffix: '/*',
    service: 'apigateway',
    reason:
      'API Gateway chooses the ids of its keys and usage plans when they are made; the kind before the suffix is exact.',
  },
} as const

/** Policies of AWS's own that a role may carry, and why. */
export const MANAGED_POLICIES = {
  'service-role/AmazonAPIGatewayPushToCloudWatchLogs':
    'One role per account and region lets API Gateway write access logs; API Gateway asks for this policy.',
} as const
