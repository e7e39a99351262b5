import { Redacted } from '@countersign/core/shared'
import { describe, expect, it } from 'vitest'
import { environmentCredentials, fetchAccessRows, fetchKeyRing } from './authorizer.ts'
import type { FetchAnswer, FetchInit } from './signed-fetch.ts'
import { messagesOf } from './wire.fixture.ts'

type Answer = { readonly status?: number; readonly body: unknown } | Error | 'never'

interface Asked {
  readonly url: string
  readonly init: FetchInit
}

const NOW = new Date('2026-01-31T10:00:00Z')

/** Answers from a script, in order, the last one again and again; `'never'` only ends with the time limit. */
const network = (...answers: readonly Answer[]) => {
  const asked: Asked[] = []
  const fetch = async (url: URL, init: FetchInit): Promise<FetchAnswer> => {
    asked.push({ url: url.href, init })
    const answer = answers[Math.min(asked.length, answers.length) - 1] ?? { body: {} }
    if (answer === 'never')
      return new Promise((_, reject) => {
        init.signal.addEventListener('abort', () => reject(init.signal.reason))
      })
    if (answer instanceof Error) throw answer
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)
    return { status: answer.status ?? 200, text: async () => text }
  }
  return { asked, fetch }
}

const credentials = () => ({
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: new Redacted('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'),
  sessionToken: new Redacted('session-token'),
})

const IMPATIENT = { totalMilliseconds: 500, firstMilliseconds: 10 }

const rowsOver = (...answers: Answer[]) => {
  const { asked, fetch } = network(...answers)
  const options = { region: 'eu-west-2', credentials, fetch, clock: () => NOW, limits: IMPATIENT }
  return { asked, rows: fetchAccessRows({ ...options, table: 'Access' }) }
}

const ringOver = (...answers: Answer[]) => {
  const { asked, fetch } = network(...answers)
  const options = { region: 'eu-west-2', credentials, fetch, clock: () => NOW, limits: IMPATIENT }
  return { asked, ring: fetchKeyRing({ ...options, secret: 'KeyRing' }) }
}

const found = (...keys: string[]): Answer => ({
  body: {
    Responses: {
      Access: keys.map((key) => ({
        key: { S: key },
        sweepAfter: { N: '99' },
        'r#grant': { M: { rank: { N: '3' }, value: { S: '{"a":1}' } } },
      })),
    },
    UnprocessedKeys: {},
  },
})

const fault = (code: string, status = 400, message = 'words'): Answer => ({
  status,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${code}`, message },
})

describe("the authorizer's read of the read model", () => {
  it('is one strongly consistent, signed batch, each key once', async () => {
    const { asked, rows } = rowsOver(found('token#tok_1'))
    const answer = await rows.read(['token#tok_1', 'fence#0', 'token#tok_1'])
    expect(asked).toHaveLength(1)
    expect(asked[0]?.url).toBe('https://dynamodb.eu-west-2.amazonaws.com/')
    expect(JSON.parse(asked[0]?.init.body ?? '')).toEqual({
      RequestItems: {
        Access: { Keys: [{ key: { S: 'token#tok_1' } }, { key: { S: 'fence#0' } }], ConsistentRead: true },
      },
    })
    expect(asked[0]?.init.headers).toMatchObject({
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.BatchGetItem',
      'x-amz-date': '20260131T100000Z',
      'x-amz-security-token': 'session-token',
      authorization: expect.stringContaining(
        'Credential=AKIDEXAMPLE/20260131/eu-west-2/dynamodb/aws4_request, ' +
          'SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=',
      ),
    })
    expect([...answer]).toEqual([
      ['token#tok_1', { registers: { grant: { rank: 3, value: { a: 1 } } }, sweepAfter: 99 }],
    ])
  })

  it('asks nothing for no keys', async () => {
    const { asked, rows } = rowsOver()
    expect((await rows.read([])).size).toBe(0)
    expect(asked).toEqual([])
  })

  it.each<[string, Answer]>([
    ['a 500', fault('InternalServerError', 500)],
    ['a 503 without words', { status: 503, body: '' }],
    ['a throttle', fault('ProvisionedThroughputExceededException')],
    ['a connection that broke', new TypeError('fetch failed')],
    ['a time-out', 'never'],
    [
      'keys that were left',
      { body: { Responses: { Access: [] }, UnprocessedKeys: { Access: { Keys: [] } } } },
    ],
    ['an answer that speaks of nothing', { body: {} }],
    ['an answer that is not JSON', { body: '<html>' }],
  ])('asks once more after %s, for all rows', async (_, first) => {
    const { asked, rows } = rowsOver(first, found('token#tok_1'))
    expect([...(await rows.read(['token#tok_1', 'fence#0'])).keys()]).toEqual(['token#tok_1'])
    expect(asked[1]?.init.body).toBe(asked[0]?.init.body)
  })

  it.each<[string, Answer, string]>([
    ['an outage', fault('InternalServerError', 500), '500 InternalServerError'],
    ['a throttle', fault('ThrottlingException'), '400 ThrottlingException'],
    ['a broken network', new TypeError('fetch failed'), 'fetch failed'],
    ['rows that stay unprocessed', { body: { UnprocessedKeys: { Access: {} } } }, 'unprocessed'],
  ])('throws with its cause after %s twice, never a row less', async (_, answer, words) => {
    const { asked, rows } = rowsOver(answer)
    const error = await rows.read(['token#tok_1']).catch(messagesOf)
    expect(error).toMatch(/^DynamoDB_20120810.BatchGetItem failed < /)
    expect(error).toContain(words)
    expect(asked).toHaveLength(2)
  })

  it.each(['AccessDeniedException', 'ResourceNotFoundException', 'ValidationException'])(
    'asks only once when the answer is %s',
    async (code) => {
      const { asked, rows } = rowsOver(fault(code))
      expect(await rows.read(['token#tok_1']).catch(messagesOf)).toContain(`400 ${code}`)
      expect(asked).toHaveLength(1)
    },
  )

  it('ends with the time limit of the whole, both attempts together', async () => {
    const { asked, rows } = rowsOver('never')
    const error = await rows.read(['token#tok_1']).catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ cause: { name: 'TimeoutError' } })
    expect(asked).toHaveLength(2)
    expect(asked[1]?.init.signal.aborted).toBe(true)
  })

  it('signs every attempt with the credentials of that moment', async () => {
    const { asked, fetch } = network(fault('InternalServerError', 500), found())
    let asks = 0
    const rows = fetchAccessRows({
      region: 'eu-west-2',
      table: 'Access',
      fetch,
      credentials: () => ({ accessKeyId: `AKID${++asks}`, secretAccessKey: new Redacted('secret') }),
    })
    await rows.read(['fence#0'])
    expect(asked.map(({ init }) => /Credential=(\w+)/.exec(init.headers.authorization ?? '')?.[1])).toEqual([
      'AKID1',
      'AKID2',
    ])
  })

  it.each([
    ['eu-west-2', 'http://127.0.0.1:4566', 'http://127.0.0.1:4566/'],
    ['cn-north-1', undefined, 'https://dynamodb.cn-north-1.amazonaws.com.cn/'],
  ])('goes to the address of %s, or to the one it is given (%s)', async (region, endpoint, address) => {
    const { asked, fetch } = network(found())
    await fetchAccessRows({ region, endpoint, table: 'Access', fetch, credentials }).read(['fence#0'])
    expect(asked[0]?.url).toBe(address)
  })
})

describe("the authorizer's read of the key ring", () => {
  const RING = '{"version":1,"keys":[]}'

  it('is the version that bears AWSCURRENT', async () => {
    const { asked, ring } = ringOver({ body: { VersionId: 'v1', SecretString: RING } })
    const current = await ring.current()
    expect([current?.versionId, current?.text.reveal()]).toEqual(['v1', RING])
    expect(asked[0]?.url).toBe('https://secretsmanager.eu-west-2.amazonaws.com/')
    expect(asked[0]?.init.headers).toMatchObject({
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'secretsmanager.GetSecretValue',
    })
    expect(JSON.parse(asked[0]?.init.body ?? '')).toEqual({ SecretId: 'KeyRing', VersionStage: 'AWSCURRENT' })
  })

  it('is undefined in a fresh secret, and throws where there is no secret', async () => {
    const none = "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT"
    const code = 'ResourceNotFoundException'
    expect(await ringOver(fault(code, 400, none)).ring.current()).toBeUndefined()
    const missing = "Secrets Manager can't find the specified secret."
    await expect(ringOver(fault(code, 400, missing)).ring.current()).rejects.toThrow('GetSecretValue failed')
  })

  it('is a defect when the version holds no ring', async () => {
    const { ring } = ringOver({ body: { VersionId: 'v1', SecretString: '' } })
    expect(await ring.current().catch(messagesOf)).toContain('does not hold a key ring')
  })

  it('lets no part of an unreadable answer into an error', async () => {
    const { ring } = ringOver({ body: 'hunter2-is-the-secret' })
    expect(await ring.current().catch(messagesOf)).not.toContain('hunter2')
  })
})

describe('credentials of the environment', () => {
  it('are read as they stand', () => {
    const environment = { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'B', AWS_SESSION_TOKEN: 'C' }
    const { accessKeyId, secretAccessKey, sessionToken } = environmentCredentials(environment)
    expect([accessKeyId, secretAccessKey.reveal(), sessionToken?.reveal()]).toEqual(['A', 'B', 'C'])
    expect(environmentCredentials({ ...environment, AWS_SESSION_TOKEN: '' })).not.toHaveProperty(
      'sessionToken',
    )
  })

  it('are missed by name', () => {
    expect(() => environmentCredentials({})).toThrow('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')
  })
})
