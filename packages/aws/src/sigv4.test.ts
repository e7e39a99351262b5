import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { Redacted } from '@countersign/core/shared'
import { describe, expect, it } from 'vitest'
import { signed } from './sigv4.ts'

/** The example credentials, scope and time of AWS's Signature Version 4 test suite. */
const CREDENTIALS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: new Redacted('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'),
}
const SCOPE = { region: 'us-east-1', service: 'service' }
const TIME = new Date('2015-08-30T12:36:00Z')
const SESSION_TOKEN =
  'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=='

const request = (part: object = {}) => ({
  method: 'POST',
  url: new URL('https://example.amazonaws.com/'),
  headers: {},
  body: '',
  ...part,
})

const signatureOf = (headers: Record<string, string>) => headers.authorization?.split('Signature=')[1]

describe('Signature Version 4', () => {
  it.each([
    ['get-vanilla', { method: 'GET' }, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    ['post-vanilla', {}, '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [
      'post-header-key-sort',
      { headers: { 'My-Header1': 'value1' } },
      'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
    ],
    [
      'post-x-www-form-urlencoded',
      { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'Param1=value1' },
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    ],
  ])("signs %s of AWS's test suite as AWS does", (_, part, signature) => {
    expect(signatureOf(signed(request(part), CREDENTIALS, SCOPE, TIME))).toBe(signature)
  })

  it('signs the session token of temporary credentials along with the rest', () => {
    const credentials = { ...CREDENTIALS, sessionToken: new Redacted(SESSION_TOKEN) }
    const headers = signed(request(), credentials, SCOPE, TIME)
    expect(headers.authorization).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
        'SignedHeaders=host;x-amz-date;x-amz-security-token, ' +
        'Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead',
    )
  })

  it('signs what the SDK sends as the SDK does', async () => {
    const sent: { headers: Record<string, string>; body: Uint8Array; hostname: string }[] = []
    const client = new DynamoDBClient({
      region: 'eu-west-2',
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: CREDENTIALS.secretAccessKey.reveal() },
      requestHandler: {
        handle: async (each: (typeof sent)[number]) => {
          sent.push(each)
          return { response: { statusCode: 200, headers: {}, body: new TextEncoder().encode('{}') } }
        },
      } as never,
    })
    await client.send(new GetItemCommand({ TableName: 'Access', Key: { key: { S: 'fence#0' } } }))
    const { authorization, ...headers } = sent[0]?.headers ?? {}
    const names = /SignedHeaders=([^,]+)/.exec(authorization ?? '')?.[1]?.split(';') ?? []
    const ours = signed(
      {
        method: 'POST',
        url: new URL(`https://${sent[0]?.hostname}/`),
        headers: Object.fromEntries(names.map((name) => [name, headers[name] ?? ''])),
        body: new TextDecoder().decode(sent[0]?.body),
      },
      CREDENTIALS,
      { region: 'eu-west-2', service: 'dynamodb' },
      dateOf(headers['x-amz-date'] ?? ''),
    )
    expect(ours.authorization).toBe(authorization)
  })

  it('shows no part of the secret', () => {
    expect(JSON.stringify(signed(request(), CREDENTIALS, SCOPE, TIME))).not.toContain('wJalr')
  })
})

const dateOf = (stamp: string) =>
  new Date(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
