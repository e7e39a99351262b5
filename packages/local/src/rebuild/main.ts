/** `countersign rebuild`: the read model beside the event log, on this machine or as deployed. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Outputs } from '@countersign/functions/deployment/outputs'
import { rebuildServices } from '@countersign/functions/deployment/rebuild'
import { causesOf } from '@countersign/functions/runtime/http'
import type { RebuildServices } from '@countersign/functions/runtime/rebuild/look'
import { openDatabase } from '../store/database.ts'
import { sqliteLedger } from '../store/sqlite-ledger.ts'
import { sqliteStoredRows } from '../store/sqlite-stored-rows.ts'
import { HELP, positionIn, runRebuild } from './program.ts'

const ROOT = join(import.meta.dirname, '../../../..')

/** What whoever asked can mend; nothing was looked at. */
class WrongUsage extends Error {}

const options = () => {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      lift: { type: 'boolean', default: false },
      data: { type: 'string' },
      stage: { type: 'string' },
      outputs: { type: 'string' },
      from: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const { check, write, data, stage, outputs, from } = values
  if (check === write) throw new WrongUsage('give one of --check and --write')
  if (data !== undefined && (stage ?? outputs) !== undefined)
    throw new WrongUsage('--data is a platform on this machine, --stage and --outputs are of a deployed one')
  const position = from === undefined ? undefined : positionIn(from)
  if (from !== undefined && !position) throw new WrongUsage(`--from takes what a rebuild said, not "${from}"`)
  return { ...values, from: position }
}

const here = (folder: string): RebuildServices => {
  const file = join(folder, 'countersign.sqlite')
  if (!existsSync(file))
    throw new WrongUsage(`no platform was started on ${folder}; name its folder with --data DIR`)
  const database = openDatabase(file)
  const [ledger, storedRows] = [sqliteLedger(database), sqliteStoredRows(database)]
  return { ledger, storedRows, clock: () => new Date(), pause: setTimeout }
}

const deployed = (file: string, stage: string | undefined): Promise<RebuildServices> => {
  if (!existsSync(file))
    throw new WrongUsage(`${file} is not there; deploy the stage, or name its outputs with --outputs`)
  const outputs = Outputs.parse(JSON.parse(readFileSync(file, 'utf8')))
  if (stage !== undefined && outputs.stage !== stage)
    throw new WrongUsage(`${file} speaks of ${outputs.stage}`)
  return rebuildServices(outputs)
}

const run = async (): Promise<number> => {
  const asked = options()
  const voice = {
    find: (line: string) => void process.stdout.write(`${line}\n`),
    say: (line: string) => void process.stderr.write(`${line}\n`),
  }
  if (!asked) {
    voice.find(HELP)
    return 0
  }
  const { data = '.countersign', stage, outputs } = asked
  const isDeployed = (stage ?? outputs) !== undefined
  const services = isDeployed
    ? await deployed(outputs ?? join(ROOT, '.sst/outputs.json'), stage)
    : here(resolve(data))
  return runRebuild(services, asked, voice)
}

const isWrongUsage = (error: unknown): boolean =>
  error instanceof WrongUsage ||
  (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))

process.exitCode = await run().catch((error: unknown) => {
  const isAsked = isWrongUsage(error)
  process.stderr.write(`countersign: ${isAsked ? (error as Error).message : causesOf(error).join('; ')}\n`)
  return isAsked ? 2 : 3
})
