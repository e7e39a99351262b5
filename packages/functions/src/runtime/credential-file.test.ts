import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redacted } from '@countersign/core/shared'
import { afterAll, describe, expect, it } from 'vitest'
import { writeCredential } from './credential-file.ts'

describe('the credential file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it("is its owner's alone, and nothing that others put in its way is written through", () => {
    const [file, others] = [join(folder, 'operator.token'), join(folder, 'others')]
    writeFileSync(others, 'theirs', { mode: 0o666 })
    symlinkSync(others, `${file}.new`)
    writeCredential(file, new Redacted('secret'))
    expect(readFileSync(file, 'utf8')).toBe('secret')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(others, 'utf8')).toBe('theirs')
  })
})
