import { type HttpRoute, routes } from '@countersign/topology'
import { describe, expect, it } from 'vitest'
import { CERTIFICATE, MACHINES } from './deployers.ts'
import { evaluate } from './evaluate.ts'
import { all, at, functionArn, jsonAt, routeOf, sorted, textAt, the } from './graph.ts'

const plain = await evaluate('test')
const graph = await evaluate('test', MACHINES)

const methods = all(graph, 'method').filter(({ inputs }) => inputs.restApi === 'MachineApiApi-id')

describe('the API for machines', () => {
  it('is not there as long as no account is named', () => {
    expect(plain.resources.filter(({ name }) => name.startsWith('MachineApi'))).toEqual([])
    expect(plain.outputs.machines).toBeUndefined()
  })

  it('has the routes that the topology gives to machines, each for signed requests only', () => {
    const wanted = Object.entries<HttpRoute>(routes).flatMap(([route, { machines }]) =>
      machines ? [route] : [],
    )
    expect(sorted(methods.map(({ inputs }) => routeOf(graph, inputs)))).toEqual(sorted(wanted))
    expect(new Set(methods.map(({ inputs }) => inputs.authorization))).toEqual(new Set(['AWS_IAM']))
  })

  it('lets no machine approve what another one asked for', () => {
    const names = methods.map(({ inputs }) => routeOf(graph, inputs))
    expect(names).toContain('POST /tokens')
    expect(names.filter((name) => /approval|rejection/.test(name))).toEqual([])
  })

  it('answers with the same functions as the API for tokens', () => {
    const served = (api: string) =>
      all(graph, 'integration').flatMap(({ inputs }) =>
        inputs.restApi === `${api}Api-id` ? [[routeOf(graph, inputs), textAt(inputs, 'uri')] as const] : [],
      )
    const tokens = new Map(served('Api'))
    expect(served('MachineApi').length).toBe(methods.length)
    for (const [route, uri] of served('MachineApi')) expect(uri).toBe(tokens.get(route))
    expect([...tokens.values()].join()).toContain(functionArn('PostTokensRoute'))
  })

  it('is open to the named accounts, and closed to every other one whatever its own policies say', () => {
    const accounts = ['222222222222', '444444444444']
    const call = { Action: 'execute-api:Invoke', Resource: 'execute-api:/*' }
    expect(jsonAt(the(graph, 'restApi', 'MachineApiApi'), 'policy')).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Sid: 'NamedAccounts', Effect: 'Allow', Principal: { AWS: accounts }, ...call },
        {
          Sid: 'NobodyElse',
          Effect: 'Deny',
          Principal: '*',
          ...call,
          Condition: { StringNotEquals: { 'aws:PrincipalAccount': accounts } },
        },
      ],
    })
  })

  it('gives neither an account nor a policy to the API for tokens', () => {
    expect(the(graph, 'restApi', 'ApiApi').policy).toBeUndefined()
    const guarded = all(graph, 'method').filter(({ inputs }) => inputs.restApi === 'ApiApi-id')
    expect(guarded.filter(({ inputs }) => inputs.authorization === 'AWS_IAM')).toEqual([])
  })

  it('refuses what is not signed as a problem', () => {
    const refusal = the(graph, 'gatewayResponse', 'MachineApiRefusalMISSING_AUTHENTICATION_TOKEN')
    expect(refusal.statusCode).toBe('403')
    expect(textAt(refusal.responseTemplates, 'application/json')).toContain(
      'urn:countersign:problem:forbidden',
    )
  })
})

describe("the API's own domain", () => {
  const domains = graph.resources.filter(({ type }) => type === 'aws:apigateway/domainName:DomainName')

  it('is one, for the API for tokens, with the certificate given and no older TLS than 1.2', () => {
    expect(domains.map(({ inputs }) => inputs)).toEqual([
      expect.objectContaining({
        domainName: 'tokens.example.org',
        regionalCertificateArn: CERTIFICATE,
        securityPolicy: 'TLS_1_2',
      }),
    ])
    const [mapping, another] = graph.resources.filter(({ type }) => type.includes('BasePathMapping'))
    expect(another).toBeUndefined()
    expect(at(mapping?.inputs, 'restApi')).toBe('ApiApi-id')
    expect(String(graph.outputs.url)).toContain('https://tokens.example.org')
  })

  it('is not there unless it is asked for', () => {
    expect(plain.resources.filter(({ type }) => /domainName|basePathMapping/.test(type))).toEqual([])
  })
})
