import { type HttpRoute, routes } from '@countersign/topology'
import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import { all, at, functionArn, jsonAt, namesOf, routeOf, sorted, textAt, the } from './graph.ts'

const graph = await evaluate('test')

describe("the platform's own API", () => {
  it('stands behind its own authorizer, except for the routes that say `open`', () => {
    const authorizer = 'ApiAuthorizerTokenAuthorizer-id'
    const guarded = all(graph, 'method').map(({ inputs }) => [
      routeOf(graph, inputs),
      { authorization: inputs.authorization, authorizerId: inputs.authorizerId },
    ])
    const wanted = Object.entries<HttpRoute>(routes).map(([route, { authorization }]) => [
      route,
      authorization === 'open'
        ? { authorization: 'NONE', authorizerId: undefined }
        : { authorization: 'CUSTOM', authorizerId: authorizer },
    ])
    expect(Object.fromEntries(guarded)).toEqual(Object.fromEntries(wanted))
    expect(namesOf(graph, 'authorizer')).toEqual(['ApiAuthorizerTokenAuthorizer'])
  })

  it('asks the authorizer each time: a refusal is not one cache lifetime late', () => {
    expect(the(graph, 'authorizer', 'ApiAuthorizerTokenAuthorizer')).toMatchObject({
      type: 'REQUEST',
      authorizerResultTtlInSeconds: 0,
      identitySource: 'method.request.header.Authorization',
      authorizerUri: expect.stringContaining(functionArn('Authorizer')),
    })
  })

  it.each([
    ['UNAUTHORIZED', '401', 'unauthorized', `'Bearer realm="countersign", error="invalid_token"'`, undefined],
    [
      'ACCESS_DENIED',
      '403',
      'forbidden',
      `'Bearer realm="countersign", error="insufficient_scope"'`,
      undefined,
    ],
    ['INVALID_API_KEY', '401', 'unauthorized', undefined, undefined],
    ['MISSING_AUTHENTICATION_TOKEN', '404', 'route_not_found', undefined, undefined],
    ['AUTHORIZER_FAILURE', '503', 'credential_unchecked', undefined, "'1'"],
    ['DEFAULT_4XX', undefined, 'invalid_request', undefined, undefined],
    ['DEFAULT_5XX', undefined, 'internal_error', undefined, undefined],
  ])(
    'answers %s as a problem (RFC 9457), with status %s',
    (responseType, statusCode, code, challenge, retryAfter) => {
      const response = the(graph, 'gatewayResponse', `ApiRefusal${responseType}`)
      expect(response.responseType).toBe(responseType)
      expect(response.statusCode).toBe(statusCode)
      expect(response.responseParameters).toEqual({
        'gatewayresponse.header.Content-Type': "'application/problem+json'",
        ...(challenge && { 'gatewayresponse.header.WWW-Authenticate': challenge }),
        ...(retryAfter && { 'gatewayresponse.header.Retry-After': retryAfter }),
      })
      expect(JSON.parse(textAt(response.responseTemplates as object, 'application/json'))).toMatchObject({
        type: `urn:countersign:problem:${code}`,
        code,
        ...(statusCode && { status: Number(statusCode) }),
        instance: 'urn:countersign:request:$context.requestId',
      })
    },
  )

  it('has no refusal beside those, and no route for CORS', () => {
    expect(all(graph, 'gatewayResponse')).toHaveLength(7)
    expect(all(graph, 'method').filter(({ inputs }) => inputs.httpMethod === 'OPTIONS')).toEqual([])
  })

  it('is deployed anew when a refusal changes', () => {
    const triggers = at(the(graph, 'deployment', 'ApiDeployment'), 'triggers')
    const refusals = jsonAt(triggers, 'refusals') as object
    expect(sorted(Object.keys(refusals).map((type) => `ApiRefusal${type}`))).toEqual(
      namesOf(graph, 'gatewayResponse'),
    )
  })

  it('serves every path with the function of its route through a proxy integration', () => {
    const types = all(graph, 'integration').map(({ inputs }) => [inputs.type, inputs.integrationHttpMethod])
    expect(new Set(types.map(String))).toEqual(new Set(['AWS_PROXY,POST']))
  })
})
