import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CONSUMER } from '../testing/bodies.ts'
import { see } from '../testing/seen.ts'
import { temporaryFolder } from '../testing/typed.ts'

const granted = (api: string, environment: string, ...routes: readonly string[]) => ({
  ...{ api, apiId: `api_${api}`, environment, routes },
})
const SIGNER = {
  ...CONSUMER,
  selfSigning: {
    longestTokenSeconds: 900,
    grants: [granted('pets', 'staging', 'GET /pets'), granted('toys', 'staging', 'GET /toys')],
    keys: [{ kid: 'con_1.1', until: '2026-03-08T12:00:00Z' }, { kid: 'con_1.2' }],
    refused: [{ tokenId: 'job-7' }],
  },
}
const SECRET = { kty: 'oct', alg: 'HS512', kid: 'con_1.1', k: 'the-bytes-of-the-key' }
const REGISTERING = [
  'consumers',
  'register',
  '--name',
  'billing',
  '--type',
  'service',
  '--owner',
  'team-money',
]

describe('a consumer that signs its own tokens', () => {
  it('is registered, and its key is the last line of what is printed', async () => {
    const seen = await see([...REGISTERING, '--self-signing'], { ...SIGNER, secret: SECRET })
    expect(seen.last).toEqual({
      asked: 'POST /consumers',
      sent: { name: 'billing', type: 'service', owner: 'team-money', selfSigning: {} },
    })
    expect(JSON.parse(seen.lines.at(-1) ?? '')).toEqual(SECRET)
    expect(seen.lines).toContain('signs           its own tokens, of 900 s at most')
    expect(seen.lines).toContain('refused tokens  job-7')
  })

  it('is registered with tokens that live longer, and its key in a file that nobody else reads', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'billing.jwk')
    const words = ['--self-signing', '--longest-token-seconds', '3600', '--secret-file', file, '--json']
    const { code, out, error, last } = await see([...REGISTERING, ...words], { ...SIGNER, secret: SECRET })
    expect([code, last?.sent.selfSigning]).toEqual([0, { longestTokenSeconds: 3_600 }])
    expect(out + error).not.toContain(SECRET.k)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(SECRET)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('says that a key which was shown is not shown again', async () => {
    const { out } = await see([...REGISTERING, '--self-signing'], SIGNER)
    expect(out).toContain('is not shown again')
  })

  it('is given routes of one API in one environment, on the version that was read; other grants stay', async () => {
    const words = ['consumers', 'grant', 'con_1', '--api', 'pets', '--environment', 'staging']
    const { requests } = await see([...words, '--route', 'GET /pets/{id}'], SIGNER, { etag: '"3"' })
    expect(requests.map(({ asked }) => asked)).toEqual([
      'GET /consumers/con_1',
      'PUT /consumers/con_1/grants',
    ])
    expect(requests[1]?.sent).toEqual({
      grants: [
        { api: 'toys', environment: 'staging', routes: ['GET /toys'] },
        { api: 'pets', environment: 'staging', routes: ['GET /pets/{id}'] },
      ],
    })
  })

  it('is given nothing more of an API where no route is named', async () => {
    const words = ['consumers', 'grant', 'con_1', '--api', 'api_pets', '--environment', 'staging']
    const { last } = await see(words, SIGNER)
    expect(last?.sent).toEqual({ grants: [{ api: 'toys', environment: 'staging', routes: ['GET /toys'] }] })
  })

  it('gets another key, with the overlap that is said', async () => {
    const words = ['consumers', 'secret', 'con_1', '--overlap', '0s']
    const { lines, last } = await see(words, { ...SIGNER, secret: SECRET })
    expect(last).toEqual({ asked: 'POST /consumers/con_1/secret', sent: { overlap: '0s' } })
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual(SECRET)
  })

  it('has its grants approved by somebody', async () => {
    const { code, last } = await see(['consumers', 'approve-grants', 'con_1'], SIGNER)
    expect([code, last?.asked]).toEqual([0, 'POST /consumers/con_1/grants/approval'])
  })

  it.each([
    [['--token', 'job-7'], { token: 'job-7' }],
    [['--issued-before', '2026-03-01T00:00:00Z'], { issuedBefore: '2026-03-01T00:00:00Z' }],
  ])('has tokens of its own refused: %j', async (words, sent) => {
    const revoking = ['consumers', 'revoke', 'con_1', '--reason', 'compromised']
    const answer = {
      consumer: 'con_1',
      ...sent,
      revokedAt: '2026-03-01T12:00:00Z',
      enforcedBy: '2026-03-01T12:00:00Z',
    }
    const { code, last } = await see([...revoking, ...words], answer)
    expect([code, last]).toEqual([
      0,
      { asked: 'POST /revocations', sent: { consumer: 'con_1', reason: 'compromised', ...sent } },
    ])
  })

  it.each([[[]], [['--token', 'job-7', '--issued-before', '2026-03-01T00:00:00Z']]])(
    'has nothing refused unless it is said which: %j',
    async (words) => {
      const seen = await see(['consumers', 'revoke', 'con_1', '--reason', 'requested', ...words], {})
      expect([seen.code, seen.requests]).toEqual([2, []])
    },
  )
})
