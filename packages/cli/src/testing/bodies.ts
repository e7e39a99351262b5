/** Answers as the platform gives them. */
export const API = {
  id: 'api_1',
  name: 'pets',
  owner: 'team-pets',
  description: 'All about pets',
  routes: [
    { method: 'GET', path: '/pets', authorization: 'token' },
    { method: 'DELETE', path: '/pets/{id}', authorization: 'iam' },
  ],
  deployments: [
    {
      environment: 'staging',
      accountId: '111111111111',
      region: 'eu-west-2',
      gatewayId: 'abc123',
      stage: 'v1',
      authorizerCacheTtlSeconds: 0,
    },
  ],
  accessRules: [
    {
      environment: 'staging',
      rules: [
        { group: 'g1', routes: ['GET /pets'] },
        { group: 'g2', routes: ['GET /pets', 'GET /pets/{id}'] },
      ],
    },
  ],
  status: 'registered',
  registeredAt: '2026-02-28T12:00:00Z',
}

export const CONSUMER = {
  id: 'con_1',
  name: 'billing',
  type: 'service',
  owner: 'team-money',
  status: 'active',
  registeredAt: '2026-02-28T12:00:00Z',
}

export const TOKEN = {
  id: 'tok_1',
  state: 'active',
  consumer: 'con_1',
  consumerName: 'billing',
  grants: [{ api: 'pets', apiId: 'api_1', environment: 'staging', routes: ['GET /pets'] }],
  issuedAt: '2026-03-01T12:00:00Z',
  expiresAt: '2026-03-31T12:00:00Z',
  kid: 'key_1',
}

export const SIGNED = 'eyJhbGciOiJIUzUxMiJ9.eyJqdGkiOiJ0b2tfMSJ9.c2lnbmF0dXJl'

export const EVENT = {
  specversion: '1.0',
  id: 'evt_2',
  source: 'countersign',
  type: 'token.revoked',
  subject: 'tok_1',
  time: '2026-03-01T11:59:00Z',
  datacontenttype: 'application/json',
  dataversion: 1,
  actor: 'con_9',
  correlationid: 'req-1',
  causationid: 'evt_1',
  entityversion: 2,
  previoushash: 'sha-256:x',
  data: {},
}

export const NOT_FOUND = {
  type: 'urn:countersign:problem:api_not_found',
  title: 'No such API',
  status: 404,
  detail: 'No such API',
  instance: 'urn:countersign:request:1',
  code: 'api_not_found',
}

export const REFUSED = {
  type: 'urn:countersign:problem:invalid_request',
  title: 'The request is not of the documented form',
  status: 400,
  detail: 'first; second',
  instance: 'urn:countersign:request:1',
  code: 'invalid_request',
  errors: [
    { pointer: '/grants/0/routes/0', code: 'route_not_found', detail: '"pets" has no route "GET /x"' },
    { pointer: '', code: 'expiry_too_late', detail: 'too late' },
  ],
}
