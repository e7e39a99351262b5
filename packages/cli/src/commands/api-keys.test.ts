import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { see } from '../testing/seen.ts'
import { temporaryFolder } from '../testing/typed.ts'

const KEY = {
  ...{ id: 'apikey_1', state: 'active', name: 'nightly', consumer: 'con_1', consumerName: 'billing' },
  plans: [{ name: 'gold', api: 'pets', environment: 'staging' }],
  createdAt: '2026-02-28T12:00:00Z',
  generation: 1,
}
const VALUE = 'csk-the-value-of-the-key'

describe('an API key', () => {
  it('is made in plans, and is the last line of what is printed', async () => {
    const words = ['api-keys', 'create', '--consumer', 'con_1', '--plan', 'gold', '--plan', 'silver']
    const { lines, last } = await see([...words, '--name', 'nightly'], { ...KEY, key: VALUE })
    expect(last).toEqual({
      asked: 'POST /api-keys',
      sent: { consumer: 'con_1', plans: ['gold', 'silver'], name: 'nightly' },
    })
    expect(lines.at(-1)).toBe(VALUE)
    expect(lines).toContain('plans     gold (pets in staging)')
  })

  it('is kept in a file and nowhere else, where one is named', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'key')
    const words = [
      'api-keys',
      'create',
      '--consumer',
      'con_1',
      '--plan',
      'gold',
      '--key-file',
      file,
      '--json',
    ]
    const { out, error } = await see(words, { ...KEY, key: VALUE })
    expect(out + error).not.toContain(VALUE)
    expect(readFileSync(file, 'utf8')).toBe(`${VALUE}\n`)
  })

  it.each([
    [['--overlap', '7d'], { overlap: '7d' }],
    [['--now'], { now: true }],
    [[], {}],
  ])('is rotated: %j', async (words, sent) => {
    const { lines, last } = await see(['api-keys', 'rotate', 'apikey_1', ...words], { ...KEY, key: VALUE })
    expect(last).toEqual({ asked: 'POST /api-keys/apikey_1/rotation', sent })
    expect(lines.at(-1)).toBe(VALUE)
  })

  it('is not rotated at once and with an overlap', async () => {
    const { code, requests } = await see(['api-keys', 'rotate', 'apikey_1', '--now', '--overlap', '7d'], {})
    expect([code, requests]).toEqual([2, []])
  })

  it('is disabled for good, and why', async () => {
    const words = ['api-keys', 'disable', 'apikey_1', '--note', 'left']
    const { lines, last } = await see(words, { ...KEY, state: 'disabled' })
    expect(last).toEqual({ asked: 'POST /api-keys/apikey_1/disablement', sent: { note: 'left' } })
    expect(lines).toContain('state     disabled')
  })

  it('is shown, and listed, without its value', async () => {
    const shown = await see(['api-keys', 'show', 'apikey_1'], KEY)
    expect([shown.last?.asked, shown.lines]).toEqual([
      'GET /api-keys/apikey_1',
      expect.arrayContaining(['consumer  billing (con_1)']),
    ])
    const listed = await see(['api-keys', 'list', '--plan', 'gold', '--state', 'active'], {
      items: [KEY],
      nextCursor: null,
    })
    expect(listed.last?.asked).toBe('GET /api-keys?plan=gold&state=active')
    expect(listed.lines[1]).toBe('apikey_1  active  nightly  billing   gold   24 hours ago')
  })
})
