import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { standIn } from '@countersign/client/testing'
import { describe, expect, it } from 'vitest'
import { CONSUMER } from './testing/bodies.ts'
import { OPERATOR_TOKEN, temporaryFolder } from './testing/typed.ts'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))
const execute = promisify(execFile)

describe('the program', () => {
  it('takes arguments, prints to stdout and ends with the code', async () => {
    await using folder = await temporaryFolder()
    await using platform = await standIn(() => ({ body: CONSUMER }))
    const credential = await folder.file('operator.token', OPERATOR_TOKEN)
    const argv = [
      'consumers',
      'show',
      'con_1',
      '--json',
      '--endpoint',
      platform.url,
      '--credential',
      credential,
    ]
    const { stdout, stderr } = await execute(process.execPath, [MAIN, ...argv])
    expect([JSON.parse(stdout), stderr]).toEqual([CONSUMER, ''])
  })

  it('ends with 2 and the reason on stderr when it is used wrongly', async () => {
    const failed = execute(process.execPath, [MAIN, 'tokens', 'lost'])
    await expect(failed).rejects.toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'countersign: wrong_usage: unknown command "tokens lost"; did you mean "list"?\n',
    })
  })
})
