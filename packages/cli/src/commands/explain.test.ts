import { standIn } from '@countersign/client/testing'
import { describe, expect, it } from 'vitest'
import { temporaryFolder, type } from '../testing/typed.ts'

const EXPLANATION = {
  outcome: 'deny',
  reason: 'route_not_granted',
  challenge: 'insufficient_scope',
  status: 403,
  decidedAt: '2026-03-01T12:00:00.000Z',
  credential: {
    kind: 'token',
    presented: false,
    tokenId: 'tok_1',
    consumerId: 'con_1',
    kid: 'key_1',
    issuedAt: '2026-03-01T00:00:00Z',
    expiresAt: '2026-03-02T00:00:00Z',
  },
  request: {
    method: 'GET',
    path: '/pets/7',
    api: 'pets',
    environment: 'staging',
    accountId: '111111111111',
    region: 'eu-west-2',
    gatewayId: 'abc123',
    stage: 'v1',
  },
  steps: [
    { step: 'claims', outcome: 'skipped', found: { assumed: 'good' } },
    { step: 'fence', outcome: 'passed', found: { issuedAt: '2026-03-01T00:00:00Z', standing: [] } },
    {
      step: 'opened',
      outcome: 'refused',
      found: { authorization: 'token', methods: ['GET'], row: null, kid: 'a\u001b[2J' },
    },
    { step: 'answer', outcome: 'skipped', found: null },
  ],
  nearest: { apiId: 'api_1', environment: 'staging', route: 'GET /pets', differs: ['path'] },
  advice: 'Issue a token.',
  remarks: ['The ledger knows this token as active.'],
}

const ALLOWED = { ...EXPLANATION, outcome: 'allow', reason: null, challenge: null, status: null }
const IN_STAGING = ['--api', 'pets', '--environment', 'staging'] as const
const asking = (url: string, ...more: readonly string[]) => type(url, ['explain', 'get', '/pets/7', ...more])

describe('explain', () => {
  it('prints what was decided, every step, the nearest grant and what to do, and ends with 1', async () => {
    await using platform = await standIn(() => ({ body: JSON.stringify(EXPLANATION) }))
    const { code, out } = await asking(platform.url, '--id', 'tok_1', ...IN_STAGING)
    expect(code).toBe(1)
    expect(out).toBe(
      [
        'refused: route_not_granted (the caller sees 403, insufficient_scope)',
        '',
        'request     GET /pets/7 at pets in staging (111111111111/eu-west-2/abc123/v1)',
        'credential  token tok_1 of con_1, not presented: a genuine one is assumed',
        '',
        '  claims  -        assumed good',
        '  fence   ok       issuedAt 2026-03-01T00:00:00Z, standing none',
        '  opened  REFUSED  authorization token, methods GET, kid a\\u{1b}[2J',
        '  answer  -',
        '',
        'nearest  GET /pets of api_1 in staging; another path',
        'note 1   The ledger knows this token as active.',
        'to do    Issue a token.',
        '',
      ].join('\n'),
    )
    expect(platform.received[0]).toMatchObject({ method: 'POST', path: '/decisions/explanation' })
  })

  it('ends with 0 when the request would be let through', async () => {
    await using platform = await standIn(() => ({ body: JSON.stringify(ALLOWED) }))
    const { code, out } = await asking(platform.url, '--id', 'tok_1', '--at', 'abc123/v1', '--json')
    expect([code, JSON.parse(out)]).toEqual([0, ALLOWED])
  })

  it.each([
    [['--id', 'ses_1', ...IN_STAGING], { sessionId: 'ses_1', api: 'pets', environment: 'staging' }],
    [
      ['--id', 'con_1', '--jti', 'j', '--at', 'abc123/v1'],
      { consumerId: 'con_1', jti: 'j', gatewayId: 'abc123', stage: 'v1' },
    ],
    [
      ['--id', 'tok_1', '--at', 'abc123/v1', '--account', '111111111111', '--simple'],
      { tokenId: 'tok_1', gatewayId: 'abc123', stage: 'v1', accountId: '111111111111', responses: 'simple' },
    ],
  ])('asks about %j', async (typed, sent) => {
    await using platform = await standIn(() => ({ body: JSON.stringify(ALLOWED) }))
    await asking(platform.url, ...typed)
    expect(JSON.parse(platform.received[0]?.body ?? '')).toEqual({ method: 'GET', path: '/pets/7', ...sent })
  })

  it('sends a token it was given a file of in the body, and shows nothing of it', async () => {
    await using platform = await standIn(() => ({ body: JSON.stringify(EXPLANATION) }))
    await using folder = await temporaryFolder()
    const file = await folder.file('it.token', 'eyJ.presented.token\n')
    const { out, error } = await asking(platform.url, '--token', file, ...IN_STAGING)
    expect(JSON.parse(platform.received[0]?.body ?? '')).toMatchObject({ token: 'eyJ.presented.token' })
    expect(platform.received[0]?.path).toBe('/decisions/explanation')
    expect(out + error).not.toContain('presented.token')
  })

  it.each([
    [[]],
    [['--id', 'tok_1']],
    [['--id', 'tok_1', '--api', 'pets']],
    [['--id', 'tok_1', '--token', 'it.token', ...IN_STAGING]],
    [['--id', 'key_1', ...IN_STAGING]],
    [['--id', 'tok_1', '--jti', 'j', ...IN_STAGING]],
    [['--id', 'tok_1', '--at', 'abc123']],
    [['--id', 'tok_1', '--at', 'abc123/v1', ...IN_STAGING]],
  ])('takes %j for wrong usage', async (typed) => {
    expect((await asking('http://127.0.0.1:9', ...typed)).code).toBe(2)
  })
})
