import * as Access from '@countersign/core/access/module'
import { describe, expect, it } from 'vitest'
import { agrees, questionOf } from './question.ts'

/* The shapes as API Gateway's developer guide prints them, with coordinates of one API. */
const ARN = 'arn:aws:execute-api:eu-west-2:111111111111:abc123/staging/GET/tenancies/7'
const VALUE = 'Bearer a.b.c'

const REST_REQUEST = {
  type: 'REQUEST',
  methodArn: ARN,
  resource: '/tenancies/{id}',
  path: '/tenancies/7',
  httpMethod: 'GET',
  headers: {
    'X-AMZ-Date': '20170718T062915Z',
    Accept: '*/*',
    Authorization: VALUE,
    'X-Forwarded-Port': '443',
  },
  multiValueHeaders: { Accept: ['*/*'], Authorization: [VALUE] },
  queryStringParameters: { QueryString1: 'queryValue1' },
  pathParameters: { id: '7' },
  stageVariables: { StageVar1: 'stageValue1' },
  requestContext: {
    path: '/staging/tenancies/7',
    accountId: '111111111111',
    resourceId: '05c7jb',
    stage: 'staging',
    requestId: '...',
    identity: { apiKey: '...', sourceIp: '...' },
    resourcePath: '/tenancies/{id}',
    httpMethod: 'GET',
    apiId: 'abc123',
  },
}

const REST_TOKEN = { type: 'TOKEN', authorizationToken: VALUE, methodArn: ARN }

const HTTP = {
  version: '2.0',
  type: 'REQUEST',
  routeArn: ARN,
  identitySource: [VALUE],
  routeKey: 'GET /tenancies/{id}',
  rawPath: '/staging/tenancies/7',
  rawQueryString: 'parameter1=value1&parameter1=value2',
  cookies: ['cookie1', 'cookie2'],
  headers: { header1: 'value1', authorization: VALUE },
  queryStringParameters: { parameter1: 'value1,value2' },
  requestContext: {
    accountId: '111111111111',
    apiId: 'abc123',
    domainName: 'abc123.execute-api.eu-west-2.amazonaws.com',
    domainPrefix: 'abc123',
    http: {
      method: 'GET',
      path: '/staging/tenancies/7',
      protocol: 'HTTP/1.1',
      sourceIp: 'IP',
      userAgent: 'a',
    },
    requestId: 'id',
    routeKey: 'GET /tenancies/{id}',
    stage: 'staging',
    time: '12/Mar/2020:19:03:58 +0000',
    timeEpoch: 1_583_348_638_390,
  },
  pathParameters: { id: '7' },
  stageVariables: {},
}

/** HTTP APIs that are set to payload 1.0. */
const HTTP_1 = {
  ...REST_REQUEST,
  version: '1.0',
  identitySource: VALUE,
  authorizationToken: VALUE,
  multiValueHeaders: undefined,
}

const within = <T extends { requestContext: object }>(event: T, more: object): T => ({
  ...event,
  requestContext: { ...event.requestContext, ...more },
})

const asked = (event: unknown) => {
  const question = questionOf(event)
  const request = question && Access.parseMethodArn(question.methodArn)
  if (!question || !request) return undefined
  const presented = Access.presentedToken(question.headers)
  return {
    shape: question.shape,
    agrees: agrees(question, request),
    token: presented.ok ? presented.value.reveal() : presented.error,
  }
}

describe('what is asked', () => {
  it.each([
    ['REST, REQUEST', REST_REQUEST, 'rest-request'],
    ['REST, TOKEN', REST_TOKEN, 'rest-token'],
    ['HTTP API, payload 2.0', HTTP, 'http'],
    ['HTTP API, payload 1.0', HTTP_1, 'rest-request'],
  ])('is read from the shape of %s', (_, event, shape) => {
    expect(asked(event)).toEqual({ shape, agrees: true, token: 'a.b.c' })
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['text', 'REQUEST'],
    ['a list', []],
    ['no type', { ...REST_REQUEST, type: undefined }],
    ['a type in small letters', { ...REST_REQUEST, type: 'request' }],
    ['another payload', { ...HTTP, version: '3.0' }],
    ['a payload that is a number', { ...HTTP, version: 2 }],
    ['a TOKEN that has a payload format', { ...REST_TOKEN, version: '2.0' }],
    ['an event of a WebSocket', { ...REST_REQUEST, type: 'CONNECT' }],
  ])('is nothing when the event is %s', (_, event) => {
    expect(questionOf(event)).toBeUndefined()
  })

  it.each([
    ['REST: another API', within(REST_REQUEST, { apiId: 'def456' })],
    ['REST: another account', within(REST_REQUEST, { accountId: '222222222222' })],
    ['REST: another stage', within(REST_REQUEST, { stage: 'production' })],
    ['REST: another method', within(REST_REQUEST, { httpMethod: 'DELETE' })],
    ['REST: another method outside', { ...REST_REQUEST, httpMethod: 'DELETE' }],
    ['REST: a list for an API', within(REST_REQUEST, { apiId: ['abc123'] })],
    ['HTTP: another API', within(HTTP, { apiId: 'def456' })],
    ['HTTP: another account', within(HTTP, { accountId: '222222222222' })],
    ['HTTP: another stage', within(HTTP, { stage: '$default' })],
    ['HTTP: another method', within(HTTP, { http: { method: 'DELETE' } })],
    ['HTTP: a route of another method', { ...HTTP, routeKey: 'DELETE /tenancies/{id}' }],
    ['HTTP: a route of another method inside', within(HTTP, { routeKey: 'POST /tenancies/{id}' })],
    ['HTTP: a route that is no text', { ...HTTP, routeKey: 7 }],
  ])('does not agree with its ARN when the event tells of %s', (_, event) => {
    expect(asked(event)).toMatchObject({ agrees: false })
  })

  it.each([
    ['a custom domain', within(REST_REQUEST, { path: '/v1/tenancies/7', domainName: 'api.example.org' })],
    ['a custom domain before an HTTP API', { ...HTTP, rawPath: '/v1/tenancies/7' }],
    ['a decoded path', { ...HTTP, rawPath: '/staging/tenancies/a b' }],
    ['the route $default', within({ ...HTTP, routeKey: '$default' }, { routeKey: '$default' })],
    ['a route of any method', { ...HTTP, routeKey: 'ANY /{proxy+}' }],
  ])('agrees with its ARN whatever the path looks like behind %s', (_, event) => {
    expect(asked(event)).toMatchObject({ agrees: true, token: 'a.b.c' })
  })

  it('is the stage $default of an HTTP API', () => {
    const routeArn = ARN.replace('/staging/', '/$default/')
    const event = within({ ...HTTP, routeArn, rawPath: '/tenancies/7' }, { stage: '$default' })
    expect(asked(event)).toMatchObject({ agrees: true })
    const request = Access.parseMethodArn(routeArn)
    expect(request).toMatchObject({ coordinates: { stage: '$default' }, method: 'GET', path: '/tenancies/7' })
  })

  it.each([
    ['payload 2.0 with a method ARN', { ...HTTP, routeArn: undefined, methodArn: ARN }],
    ['REST with a route ARN', { ...REST_REQUEST, methodArn: undefined, routeArn: ARN }],
    ['an ARN that is no text', { ...REST_REQUEST, methodArn: { toString: 7 } }],
  ])('has no place to go in %s', (_, event) => {
    expect(asked(event)).toBeUndefined()
  })
})

describe('the credential', () => {
  const rest = (single: unknown, multi: unknown) =>
    asked({ ...REST_REQUEST, headers: single, multiValueHeaders: multi })?.token
  const other = { Accept: '*/*' }

  it.each([
    ['twice, alike', { Authorization: VALUE }, { Authorization: [VALUE] }],
    ['in the one place that there is', { Authorization: VALUE }, null],
    ['in the other place that there is', null, { Authorization: [VALUE] }],
    ['in any case', { AUTHORIZATION: VALUE }, { aUTHORIZATION: [VALUE] }],
  ])('of a REST API is told %s', (_, single, multi) => {
    expect(rest(single, multi)).toBe('a.b.c')
  })

  it.each([
    ['two stories', { Authorization: VALUE }, { Authorization: ['Bearer d.e.f'] }, 'credential_repeated'],
    ['two values', { Authorization: VALUE }, { Authorization: [VALUE, VALUE] }, 'credential_repeated'],
    [
      'two names',
      { Authorization: VALUE },
      { Authorization: [VALUE], authorization: [VALUE] },
      'credential_repeated',
    ],
    [
      'two names in one place',
      { Authorization: VALUE, authorization: VALUE },
      { Authorization: [VALUE] },
      'credential_repeated',
    ],
    ['one place of two', { Authorization: VALUE }, other && { Accept: ['*/*'] }, 'credential_missing'],
    ['the other place of two', other, { Authorization: [VALUE] }, 'credential_missing'],
    ['no text', { Authorization: 7 }, null, 'scheme_unsupported'],
    ['a list in a list', null, { Authorization: [[VALUE]] }, 'scheme_unsupported'],
  ])('of a REST API is refused as %s', (_, single, multi, reason) => {
    expect(rest(single, multi)).toBe(reason)
  })

  it.each([
    [
      'values joined by API Gateway',
      { headers: { authorization: `${VALUE},${VALUE}` } },
      'scheme_unsupported',
    ],
    ['values joined with a space', { headers: { authorization: `${VALUE}, Basic x` } }, 'scheme_unsupported'],
    [
      'two spellings, which API Gateway never sends',
      { headers: { authorization: VALUE, Authorization: VALUE } },
      'credential_repeated',
    ],
    [
      'a cookie',
      { headers: {}, cookies: [`authorization=${VALUE}`, `Authorization: ${VALUE}`] },
      'credential_missing',
    ],
    ['an identity source alone', { headers: {}, identitySource: [VALUE] }, 'credential_missing'],
    ['the query', { headers: {}, queryStringParameters: { authorization: VALUE } }, 'credential_missing'],
    [
      'headers of a REST API',
      { headers: {}, multiValueHeaders: { authorization: [VALUE] } },
      'credential_missing',
    ],
  ])('of an HTTP API is refused as %s', (_, more, reason) => {
    expect(asked({ ...HTTP, ...more })?.token).toBe(reason)
  })

  it.each([
    ['no token', { authorizationToken: undefined }, 'credential_missing'],
    ['an empty one', { authorizationToken: '' }, 'credential_missing'],
    ['a bare one', { authorizationToken: 'a.b.c' }, 'scheme_unsupported'],
    ['a list', { authorizationToken: [VALUE] }, 'scheme_unsupported'],
    ['two in one', { authorizationToken: `${VALUE},${VALUE}` }, 'scheme_unsupported'],
    [
      'a header beside none',
      { authorizationToken: undefined, headers: { Authorization: VALUE } },
      'credential_missing',
    ],
  ])('of a TOKEN authorizer is refused as %s', (_, more, reason) => {
    expect(asked({ ...REST_TOKEN, ...more })?.token).toBe(reason)
  })
})
