import { describe, expect, it } from 'vitest'
import { openDatabase } from '../store/database.ts'
import { sqliteLedger } from '../store/sqlite-ledger.ts'
import { sqliteStoredRows } from '../store/sqlite-stored-rows.ts'
import { runRebuild } from './program.ts'

const NOW = new Date('2026-03-01T12:00:00Z')

/** One row that no event made. */
const begin = () => {
  const database = openDatabase(':memory:')
  database.run(
    'INSERT INTO access_row (key, body) VALUES (\'token#tok_00000000000000000000000000000000\', \'{"registers":{"grant":{"rank":1,"value":{"grants":[]}}}}\')',
  )
  const services = {
    ...{ ledger: sqliteLedger(database), storedRows: sqliteStoredRows(database) },
    ...{ clock: () => NOW, pause: async () => {} },
  }
  return async (write: boolean) => {
    const heard = { found: [] as string[], said: [] as string[] }
    const voice = {
      find: (line: string) => heard.found.push(line),
      say: (line: string) => heard.said.push(line),
    }
    const code = await runRebuild(services, { write, lift: false, json: false, from: undefined }, voice)
    return { code, ...heard }
  }
}

describe('what a rebuild says', () => {
  it('is what differs, and nothing of gateways where nothing was put right', async () => {
    const rebuild = begin()
    const { code, found, said } = await rebuild(false)
    expect(code).toBe(1)
    expect(found).toEqual([expect.stringMatching(/^differs +token#tok_0/)])
    expect(said).toEqual([expect.stringMatching(/, 1 difference, 1 left$/)])
  })

  it('is from when on no gateway answers by a row that was put right', async () => {
    const rebuild = begin()
    const { code, found, said } = await rebuild(true)
    expect(code).toBe(0)
    expect(found).toEqual([expect.stringMatching(/^put right +token#tok_0/)])
    expect(said).toEqual([
      expect.stringMatching(/, 1 difference, 0 left$/),
      `No gateway answers by what was put right from ${NOW.toISOString()} on, whatever its cache kept before.`,
    ])
    expect((await rebuild(true)).said).toHaveLength(1)
  })
})
