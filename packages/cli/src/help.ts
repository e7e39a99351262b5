import { type Command, GLOBAL_OPTIONS, type Option, type Options } from './command.ts'
import { columns } from './table.ts'

const EXIT_CODES = 'Exit codes: 0 done, 1 refused by the platform, 2 wrong usage, 3 platform not reachable.'

const optionUsage = ([name, option]: readonly [string, Option]): string => {
  const text = `--${name}${option.value ? ` ${option.value}` : ''}${option.many ? ' …' : ''}`
  return option.required ? text : `[${text}]`
}

export const usageOf = ({ name, arguments: names = [], options = {} }: Command): string =>
  ['countersign', name, ...names, ...Object.entries(options).map(optionUsage)].join(' ')

const optionLines = (options: Options): string =>
  columns(
    Object.entries(options).map(([name, { value, help, short }]) => [
      `  ${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`,
      help,
    ]),
  )

const commandLines = (commands: readonly Command[]): string =>
  columns(
    commands.map(({ name, arguments: names = [], summary }) => [`  ${[name, ...names].join(' ')}`, summary]),
  )

export const commandHelp = (command: Command): string =>
  [
    `${command.summary}\n\nUsage: ${usageOf(command)}`,
    command.details,
    Object.keys(command.options ?? {}).length > 0 && `Options:\n${optionLines(command.options ?? {})}`,
    `With every command:\n${optionLines(GLOBAL_OPTIONS)}`,
    EXIT_CODES,
  ]
    .filter(Boolean)
    .join('\n\n')
    .concat('\n')

/** Of everything, or of one group of commands. */
export const overview = (commands: readonly Command[], [group]: readonly string[]): string => {
  const listed = group ? commands.filter(({ name }) => name.split(' ')[0] === group) : commands
  return [
    `Usage: countersign ${group ?? 'COMMAND'} … [options]`,
    `Commands:\n${commandLines(listed)}`,
    `With every command:\n${optionLines(GLOBAL_OPTIONS)}`,
    EXIT_CODES,
    '"countersign COMMAND --help" says what a command takes.\n',
  ].join('\n\n')
}
