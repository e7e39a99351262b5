import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { standIn } from '@countersign/client/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { type } from '../testing/typed.ts'

const WEBHOOK = {
  id: 'whk_1',
  state: 'enabled',
  url: 'https://hooks.example.org/auth',
  events: ['token.*', 'signing-key.compromised'],
  name: 'Security team',
  generation: 1,
  failingSince: '2026-03-01T09:00:00Z',
  registeredAt: '2026-02-28T12:00:00Z',
}
const SENT = { url: WEBHOOK.url, events: WEBHOOK.events, name: WEBHOOK.name }
const SECRET = 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
const folder = mkdtempSync(join(tmpdir(), 'countersign-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

const see = async (line: string, body: unknown) => {
  await using platform = await standIn(() => ({ body }))
  const { code, out, error } = await type(platform.url, line.split(' '))
  const [{ method = '', path = '', body: sent = '' } = {}] = platform.received
  return { code, out, error, asked: `${method} ${path}`, sent: sent && JSON.parse(sent) }
}

describe('webhooks', () => {
  it('are registered for every pattern that was given, and the secret is the last line', async () => {
    const line = 'webhooks register --url https://hooks.example.org/auth --event token.* --event *'
    const { asked, sent, out } = await see(line, { ...WEBHOOK, secret: SECRET })
    expect([asked, sent]).toEqual([
      'POST /webhooks',
      { url: 'https://hooks.example.org/auth', events: ['token.*', '*'] },
    ])
    expect(out.trimEnd().split('\n').at(-1)).toBe(SECRET)
  })

  it('leave the secret in a file that only its owner reads, and print it nowhere', async () => {
    const file = join(folder, 'hooks.secret')
    const { out } = await see(`webhooks rotate whk_1 --now --secret-file ${file} --json`, {
      ...WEBHOOK,
      secret: SECRET,
    })
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual([`${SECRET}\n`, 0o600])
    expect(JSON.parse(out)).toEqual(WEBHOOK)
  })

  it('are listed with what is sent there, and since when nothing got through', async () => {
    const { asked, out } = await see('webhooks list --state enabled', { items: [WEBHOOK], nextCursor: null })
    expect(asked).toBe('GET /webhooks?state=enabled')
    expect(out.split('\n').slice(0, 2)).toEqual([
      'ID     STATE    NAME           URL                             EVENTS                            FAILING',
      'whk_1  enabled  Security team  https://hooks.example.org/auth  token.*, signing-key.compromised  3 hours ago',
    ])
  })

  it.each([
    ['webhooks show whk_1', 'GET /webhooks/whk_1', ''],
    ['webhooks disable whk_1 --note moving', 'POST /webhooks/whk_1/disablement', { note: 'moving' }],
    ['webhooks enable whk_1', 'POST /webhooks/whk_1/enablement', {}],
  ])('%s', async (line, asked, sent) => {
    const seen = await see(line, { ...WEBHOOK, state: 'disabled', disabledBecause: 'gone' })
    expect([seen.code, seen.asked, seen.sent]).toEqual([0, asked, sent])
    expect(seen.out).toMatch(/because +gone/)
  })

  it.each([
    ['--url https://new.example.org/', { ...SENT, url: 'https://new.example.org/' }],
    ['--event * --event api.*', { ...SENT, events: ['*', 'api.*'] }],
    ['--name Others', { ...SENT, name: 'Others' }],
  ])('are changed by what is given, on the version that was read: %s', async (options, sent) => {
    await using platform = await standIn(() => ({ body: WEBHOOK, headers: { etag: '"3"' } }))
    const { code } = await type(platform.url, `webhooks change whk_1 ${options}`.split(' '))
    const asked = platform.received.map(({ method, path, headers, body }) => [
      ...[method, path, headers['if-match']],
      body && JSON.parse(body),
    ])
    expect([code, asked.at(-1)]).toEqual([0, ['PUT', '/webhooks/whk_1', '"3"', sent]])
  })

  it('are not changed by nothing', async () => {
    const { code, asked } = await see('webhooks change whk_1', WEBHOOK)
    expect([code, asked.trim()]).toEqual([2, ''])
  })

  it('are tested, and a script sees whether it went well', async () => {
    const tested = { id: 'whk_1', eventId: 'evt_1', delivered: true, outcome: 'answered', status: 204 }
    expect(await see('webhooks test whk_1', tested)).toMatchObject({
      code: 0,
      asked: 'POST /webhooks/whk_1/test',
    })
    const failed = await see('webhooks test whk_1', { ...tested, delivered: false, outcome: 'tls_failed' })
    expect([failed.code, failed.out]).toEqual([
      1,
      expect.stringMatching(/delivered +no\noutcome +tls_failed/),
    ])
  })

  it('overlap for a time or not at all', async () => {
    expect(await see('webhooks rotate whk_1 --now --overlap 1h', WEBHOOK)).toMatchObject({
      code: 2,
      error: expect.stringContaining('give --overlap or --now, not both'),
    })
  })
})
