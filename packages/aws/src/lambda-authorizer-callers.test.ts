import { Redacted } from '@countersign/core/shared'
import { describe, expect, it } from 'vitest'
import { lambdaAuthorizerCallers } from './lambda-authorizer-callers.ts'
import { messagesOf } from './wire.fixture.ts'

const HOUSING = { accountId: '222222222222', region: 'eu-west-2' }

type Reply = readonly [status: number, body?: object, code?: string | undefined] | Error

const over = (reply: Reply) => {
  const asked: { readonly what: string; readonly body: unknown; readonly authorization: unknown }[] = []
  const callers = lambdaAuthorizerCallers({
    functionNames: ['Authorizer', 'SimpleAuthorizer'],
    region: 'eu-west-2',
    credentials: () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: new Redacted('secret') }),
    clock: () => new Date('2026-03-01T12:00:00Z'),
    fetch: async (url, { method, headers: sent, body }) => {
      const { authorization } = sent as Record<string, string>
      asked.push({ what: `${method} ${url.href}`, body: body && JSON.parse(String(body)), authorization })
      if (reply instanceof Error) throw reply
      const [status, text, code] = reply
      const headers = new Headers(code ? { 'x-amzn-errortype': `${code}:` } : {})
      return { status, headers, text: async () => JSON.stringify(text ?? {}) }
    },
  })
  return { asked, callers }
}

const said = (status: number, message: string, code?: string): Reply => [
  status,
  { Type: 'User', message },
  code,
]
const exists = said(409, 'The statement id (gateways-eu-west-2-222222222222) provided already exists.')
const busy = said(409, 'An update is in progress for resource', 'ResourceConflictException')
const noStatement = said(404, 'Statement gateways-eu-west-2-222222222222 is not found')
const noFunction = said(404, 'Function not found: arn', 'ResourceNotFoundException')
const full = said(400, 'The final policy size is bigger', 'PolicyLengthExceededException')

describe('admitting an account', () => {
  it('is one signed statement for each function: API Gateway, for any authorizer of that account in that region', async () => {
    const { asked, callers } = over([201])
    await callers.admit(HOUSING)
    expect(asked[1]?.what).toContain('/functions/SimpleAuthorizer/policy')
    expect(asked.slice(0, 1)).toEqual([
      {
        what: 'POST https://lambda.eu-west-2.amazonaws.com/2015-03-31/functions/Authorizer/policy',
        body: {
          StatementId: 'gateways-eu-west-2-222222222222',
          Action: 'lambda:InvokeFunction',
          Principal: 'apigateway.amazonaws.com',
          SourceArn: 'arn:aws:execute-api:eu-west-2:222222222222:*/authorizers/*',
        },
        authorization: expect.stringMatching(
          /Credential=AKIDEXAMPLE\/20260301\/eu-west-2\/lambda\/aws4_request/,
        ),
      },
    ])
  })

  it('is done when the statement is there already', async () => {
    await expect(over(exists).callers.admit(HOUSING)).resolves.toBeUndefined()
  })

  it.each([
    ['the function is being updated', busy, /409 ResourceConflictException/],
    ['the policy is full', full, /400 PolicyLengthExceededException/],
    ['Lambda cannot be reached', new TypeError('fetch failed'), /could not be reached.*fetch failed/],
  ])('fails, and is tried again, when %s', async (_, reply, message) => {
    expect(await over(reply).callers.admit(HOUSING).catch(messagesOf)).toMatch(message)
  })
})

describe('dismissing an account', () => {
  it('removes its statement by name', async () => {
    const { asked, callers } = over([204])
    await callers.dismiss(HOUSING)
    expect(asked.map(({ what, body }) => [what.split('/functions/')[1], body])).toEqual([
      ['Authorizer/policy/gateways-eu-west-2-222222222222', undefined],
      ['SimpleAuthorizer/policy/gateways-eu-west-2-222222222222', undefined],
    ])
  })

  it('is done when there is no such statement', async () => {
    await expect(over(noStatement).callers.dismiss(HOUSING)).resolves.toBeUndefined()
  })

  it('fails when there is no such function', async () => {
    expect(await over(noFunction).callers.dismiss(HOUSING).catch(messagesOf)).toMatch(/404 ResourceNotFound/)
  })
})
