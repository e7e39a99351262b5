import manifest from '../package.json' with { type: 'json' }
import { type Context, type ExitCode, WrongUsage } from './command.ts'
import { commands } from './commands/index.ts'
import { connect } from './connect.ts'
import { commandHelp, overview, usageOf } from './help.ts'
import { type Parsed, parse } from './parse.ts'
import { printable } from './table.ts'
import type { Terminal } from './terminal.ts'

/** Runs the command that `argv` (without program and script) names, and says how it ended. */
export const run = async (argv: readonly string[], terminal: Terminal): Promise<ExitCode> => {
  try {
    return await perform(parse(helpFirst(argv), commands), terminal)
  } catch (error) {
    if (!(error instanceof WrongUsage)) throw error
    terminal.error(`countersign: wrong_usage: ${printable(error.message)}\n`)
    return 2
  }
}

/** `help tokens issue` is what many people type for `tokens issue --help`. */
const helpFirst = (argv: readonly string[]): readonly string[] =>
  argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv

const perform = async ({ command, words, given, missing }: Parsed, terminal: Terminal): Promise<ExitCode> => {
  if (given.flag('help')) {
    terminal.out(command ? commandHelp(command) : overview(commands, words))
    return 0
  }
  if (given.flag('version')) {
    terminal.out(`${manifest.version}\n`)
    return 0
  }
  if (!command) {
    terminal.error(overview(commands, words))
    return 2
  }
  if (missing !== undefined) {
    terminal.error(`countersign: wrong_usage: ${printable(missing)}\n  ${usageOf(command)}\n`)
    return 2
  }
  const context: Context = { given, terminal, client: () => connect(given, terminal) }
  return command.run(context)
}
