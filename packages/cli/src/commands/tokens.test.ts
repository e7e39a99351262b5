import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { standIn } from '@countersign/client/testing'
import { describe, expect, it } from 'vitest'
import { REFUSED, SIGNED, TOKEN } from '../testing/bodies.ts'
import { temporaryFolder, type } from '../testing/typed.ts'

const ISSUE = ['tokens', 'issue', '--consumer', 'con_1', '--api', 'pets', '--environment', 'staging']
const ROUTES = ['--route', 'GET /pets', '--route', 'GET /pets/{id}']
const ISSUED = { status: 201, body: { ...TOKEN, token: SIGNED } }

describe('tokens issue', () => {
  it('asks for one grant with every route that was named', async () => {
    await using platform = await standIn(() => ISSUED)
    await type(platform.url, [...ISSUE, ...ROUTES, '--expires-in', '30d', '--reason', 'nightly run'])
    expect(JSON.parse(platform.received[0]?.body ?? '')).toEqual({
      consumer: 'con_1',
      grants: [{ api: 'pets', environment: 'staging', routes: ['GET /pets', 'GET /pets/{id}'] }],
      expiresIn: '30d',
      reason: 'nightly run',
    })
  })

  it('prints the facts, and the token alone on the last line', async () => {
    await using platform = await standIn(() => ISSUED)
    const { code, out, error } = await type(platform.url, [...ISSUE, ...ROUTES])
    expect([code, error]).toEqual([0, ''])
    expect(out.split('\n')).toEqual([
      'id           tok_1',
      'state        active',
      'consumer     billing (con_1)',
      'opens        pets in staging: GET /pets',
      'issued       2026-03-01T12:00:00Z (now)',
      'expires      2026-03-31T12:00:00Z (in 30 days)',
      'signing key  key_1',
      '',
      'This is the token. It is shown once; copy it now:',
      SIGNED,
      '',
    ])
  })

  it('says what comes next where somebody has to approve', async () => {
    await using platform = await standIn(() => ({ status: 202, body: { id: 'tok_1', state: 'requested' } }))
    const { code, out } = await type(platform.url, [...ISSUE, ...ROUTES])
    expect(code).toBe(0)
    expect(out).toContain('countersign tokens approve tok_1')
    expect(out).toContain('countersign tokens collect tok_1')
  })

  it('takes one expiry, not two', async () => {
    const both = ['--expires-in', '1d', '--expires-at', '2026-03-31T12:00:00Z']
    await using platform = await standIn(() => ISSUED)
    expect(await type(platform.url, [...ISSUE, ...ROUTES, ...both])).toMatchObject({ code: 2, out: '' })
    expect(platform.received).toEqual([])
  })
})

describe('--token-file', () => {
  it.each([[[]], [['--json']]])(
    'holds the token for its owner only, and no output does (%j)',
    async (json) => {
      await using folder = await temporaryFolder()
      await using platform = await standIn(() => ISSUED)
      const file = join(folder.path, 'billing.token')
      const { code, out, error } = await type(platform.url, [
        ...ISSUE,
        ...ROUTES,
        '--token-file',
        file,
        ...json,
      ])
      expect(code).toBe(0)
      expect(await readFile(file, 'utf8')).toBe(`${SIGNED}\n`)
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      expect(out).toContain('tok_1')
      expect(out + error).not.toContain(SIGNED)
    },
  )

  it('is never overwritten, and then no token is issued', async () => {
    await using folder = await temporaryFolder()
    await using platform = await standIn(() => ISSUED)
    const file = await folder.file('billing.token', 'older')
    const { code, error } = await type(platform.url, [...ISSUE, ...ROUTES, '--token-file', file])
    expect(code).toBe(2)
    expect(error).toContain('there is a file of that name already')
    expect(await readFile(file, 'utf8')).toBe('older')
    expect(platform.received).toEqual([])
  })

  it('is not left behind empty when the platform refuses or wants an approval first', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'billing.token')
    const waits = { status: 202, body: { id: 'tok_1', state: 'requested' } }
    await using platform = await standIn((_, index) => (index === 0 ? { status: 400, body: REFUSED } : waits))
    const first = await type(platform.url, [...ISSUE, ...ROUTES, '--token-file', file])
    expect([first.code, existsSync(file)]).toEqual([1, false])
    const second = await type(platform.url, [...ISSUE, ...ROUTES, '--token-file', file])
    expect([second.code, existsSync(file)]).toEqual([0, false])
  })

  it('takes a collected token too', async () => {
    await using folder = await temporaryFolder()
    await using platform = await standIn(() => ({ body: { ...TOKEN, token: SIGNED } }))
    const file = join(folder.path, 'billing.token')
    await type(platform.url, ['tokens', 'collect', 'tok_1', '--token-file', file])
    expect(platform.received[0]?.path).toBe('/tokens/tok_1/collection')
    expect(await readFile(file, 'utf8')).toBe(`${SIGNED}\n`)
  })
})

describe('tokens list', () => {
  const page = (ids: readonly string[], nextCursor: string | null) => ({
    body: { items: ids.map((id) => ({ ...TOKEN, id })), nextCursor },
  })

  it('filters, and shows who may do what until when', async () => {
    await using platform = await standIn(() => page(['tok_1'], null))
    const { out } = await type(platform.url, ['tokens', 'list', '--state', 'active', '--api', 'pets'])
    expect(platform.received[0]?.path).toBe('/tokens?state=active&api=pets')
    expect(out).toBe(
      'ID     STATE   CONSUMER  OPENS                   EXPIRES\n' +
        'tok_1  active  billing   pets/staging (1 route)  in 30 days\n',
    )
  })

  it('says where the next page begins', async () => {
    await using platform = await standIn(() => page(['tok_1'], 'abc'))
    const { out } = await type(platform.url, ['tokens', 'list', '--limit', '1'])
    expect(platform.received[0]?.path).toBe('/tokens?limit=1')
    expect(out).toContain('There are more: --cursor abc, or --all.')
  })

  it('follows every page with --all, and prints them as one document with --json', async () => {
    await using platform = await standIn((_, index) => page([`tok_${index}`], index < 2 ? `c${index}` : null))
    const { out } = await type(platform.url, ['tokens', 'list', '--all', '--json'])
    const items = [0, 1, 2].map((index) => ({ ...TOKEN, id: `tok_${index}` }))
    expect(JSON.parse(out)).toEqual({ items, nextCursor: null })
    expect(platform.received.map(({ path }) => path)).toEqual([
      '/tokens?limit=100',
      '/tokens?limit=100&cursor=c0',
      '/tokens?limit=100&cursor=c1',
    ])
  })

  it('prints no half of a list when a later page is refused', async () => {
    await using platform = await standIn((_, index) =>
      index === 0 ? page(['tok_0'], 'c0') : { status: 400, body: REFUSED },
    )
    expect(await type(platform.url, ['tokens', 'list', '--all'])).toMatchObject({ code: 1, out: '' })
  })

  it.each([
    [[], 'There are no tokens yet.\n'],
    [['--state', 'revoked'], 'No token matches.\n'],
  ])('says so when there is nothing (%j)', async (filter, sentence) => {
    await using platform = await standIn(() => page([], null))
    expect(await type(platform.url, ['tokens', 'list', ...filter])).toEqual({
      code: 0,
      out: sentence,
      error: '',
    })
  })
})

describe('the life of a token', () => {
  it.each([
    [
      'revoke tok_1 --reason compromised --note leaked',
      'revocation',
      { reason: 'compromised', note: 'leaked' },
    ],
    ['disable tok_1 --note holiday', 'disablement', { note: 'holiday' }],
    ['enable tok_1', 'enablement', {}],
    ['approve tok_1', 'approval', {}],
    ['reject tok_1', 'rejection', {}],
  ])('tokens %s', async (line, path, body) => {
    const revoked = { ...TOKEN, state: 'revoked', revokedAt: '2026-03-01T12:00:00Z' }
    await using platform = await standIn(() => ({ body: { ...revoked, enforcedBy: '2026-03-01T12:05:00Z' } }))
    const { code, out } = await type(platform.url, ['tokens', ...line.split(' ')])
    expect([code, platform.received[0]?.method, platform.received[0]?.path]).toEqual([
      0,
      'POST',
      `/tokens/tok_1/${path}`,
    ])
    expect(JSON.parse(platform.received[0]?.body ?? '')).toEqual(body)
    expect(out).toContain('state        revoked')
  })

  it('ends with the time from which no gateway accepts it', async () => {
    await using platform = await standIn(() => ({
      body: { ...TOKEN, state: 'revoked', enforcedBy: '2026-03-01T12:05:00Z' },
    }))
    const { out } = await type(platform.url, ['tokens', 'revoke', 'tok_1', '--reason', 'requested'])
    expect(out).toContain('Every gateway refuses it from 2026-03-01T12:05:00Z (in 5 minutes).')
  })
})
