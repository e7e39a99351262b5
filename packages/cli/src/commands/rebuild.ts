import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type Command, type Context, type ExitCode, type Options, WrongUsage } from '../command.ts'

/** It works on the stores themselves: behind a read model that is gone, the HTTP API lets nobody in. */
const PROGRAM = join(import.meta.dirname, '../../../local/src/rebuild/main.ts')

const FLAGS = {
  check: { help: 'says what differs, and changes nothing' },
  write: { help: 'makes it what the log says, while traffic flows' },
  lift: { help: 'refusals that the log does not know of are wrong as well' },
} as const satisfies Options

const VALUES = {
  data: { value: 'DIR', help: 'the platform on this machine (.countersign unless given)' },
  stage: { value: 'NAME', help: 'a deployed stage, as .sst/outputs.json describes it' },
  outputs: { value: 'FILE', help: 'another such file' },
  from: { value: 'PLACE', help: 'goes on where one that was interrupted said it was' },
} as const satisfies Options

/** Puts the read model right from the event log. */
export const rebuild: Command = {
  name: 'rebuild',
  summary: 'Compares the read model with the event log, row by row, and puts it right',
  details:
    'Give one of --check and --write. It needs the stores, not a credential: the data folder, or AWS credentials for both tables. Exits with 0 when nothing differs (any more), with 1 when something does.',
  options: { ...FLAGS, ...VALUES },
  run: async (context) => {
    const { status, error } = spawnSync(process.execPath, [PROGRAM, ...wordsOf(context)], {
      stdio: 'inherit',
    })
    if (error) throw error
    return exitCodeOf(status)
  },
}

const wordsOf = ({ given }: Context): readonly string[] => {
  if (given.flag('check') === given.flag('write')) throw new WrongUsage('give one of --check and --write')
  const flags = [...Object.keys(FLAGS), 'json'].filter((name) => given.flag(name)).map((name) => `--${name}`)
  const values = Object.keys(VALUES).flatMap((name) => {
    const value = given.text(name)
    return value === undefined ? [] : [`--${name}=${value}`]
  })
  return [...flags, ...values]
}

const exitCodeOf = (status: number | null): ExitCode =>
  status === 0 || status === 1 || status === 2 ? status : 3
