import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { createLocalCredentials, openLocalCredentials, parseCredentials } from './local-credentials.ts'

describe('the access keys of one machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-keys-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'aws-credentials')

  it('are made once, for their owner alone, and found again', () => {
    const made = openLocalCredentials(file, randomBytes)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const found = openLocalCredentials(file, randomBytes)
    expect(found.map(({ accessKeyId }) => accessKeyId)).toEqual(made.map(({ accessKeyId }) => accessKeyId))
    expect(found.map(({ name }) => name)).toEqual(['default', 'session'])
    expect(found.map(({ sessionToken }) => sessionToken !== undefined)).toEqual([false, true])
  })

  it('are shown by nothing that prints them', () => {
    const [lasting, temporary] = openLocalCredentials(file, randomBytes)
    const text = readFileSync(file, 'utf8')
    const secrets = [...text.matchAll(/(?:secret_access_key|session_token) = (\S+)/g)].map(
      ([, value = '']) => value,
    )
    expect(secrets.length).toBe(3)
    for (const shown of [inspect([lasting, temporary]), JSON.stringify([lasting, temporary])])
      for (const secret of secrets) expect(shown).not.toContain(secret)
  })

  it('are other ones on another machine', () => {
    const ids = new Set(Array.from({ length: 20 }, () => createLocalCredentials(randomBytes)[0]?.accessKeyId))
    expect(ids.size).toBe(20)
    for (const id of ids) expect(id).toMatch(/^AKIA[A-Z2-7]{16}$/)
  })

  it.each([
    ['nothing', ''],
    ['no profile', 'aws_access_key_id = A'],
    ['half a pair', '[default]\naws_access_key_id = A'],
    ['something else', 'not at all'],
  ])('are refused as %s', (_, text) => {
    expect(parseCredentials(text)).toBeUndefined()
    writeFileSync(file, text)
    expect(() => openLocalCredentials(file, randomBytes)).toThrow(/remove it/)
  })

  it('are read as AWS writes them: comments, spaces, more members, line ends of another system', () => {
    const text =
      '; mine\r\n[me]\r\naws_access_key_id=A\r\n# x\r\naws_secret_access_key = s\r\nregion = eu-west-2\r\n'
    expect(parseCredentials(text)).toMatchObject([{ name: 'me', accessKeyId: 'A' }])
  })
})
