import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { suggestion } from './closest.ts'
import { type Command, GLOBAL_OPTIONS, type Options, WrongUsage } from './command.ts'
import { Given } from './given.ts'

export interface Parsed {
  /** Undefined for `--help` and `--version` without a command. */
  readonly command: Command | undefined
  /** The words before the arguments, for the help of a group. */
  readonly words: readonly string[]
  readonly given: Given
  /** Why the command cannot run; `--help` is answered all the same. */
  readonly missing: string | undefined
}

/** Finds the command and reads its options, wherever they stand; throws WrongUsage. */
export const parse = (argv: readonly string[], commands: readonly Command[]): Parsed => {
  refuseTokens(argv)
  const everything = Object.assign({}, GLOBAL_OPTIONS, ...commands.map(({ options }) => options)) as Options
  const { positionals: words, tokens } = readAll(argv, everything)
  const command = commandIn(words, commands)
  const allowed: Options = { ...GLOBAL_OPTIONS, ...command?.options }
  for (const token of tokens) {
    if (token.kind === 'option') checkOption(token.name, token.rawName, allowed, command)
  }
  // Commands share names of options: what may come often in one may come once in another.
  const { positionals, values } = readAll(argv, command ? allowed : everything)
  const rest = positionals.slice(command?.name.split(' ').length ?? 0)
  const given = new Given(values, rest)
  return { command, words, given, missing: command && missingIn(command, given, rest) }
}

/** Arguments are visible to everybody on the machine and stay in the shell's history. */
const refuseTokens = (argv: readonly string[]): void => {
  if (argv.some((argument) => /eyJ[\w-]{8,}\.[\w-]+\.[\w-]*/.test(argument)))
    throw new WrongUsage(
      'an argument holds a token; tokens are read from a file, from stdin or from the environment',
    )
}

const readAll = (argv: readonly string[], options: Options) => {
  try {
    const config = {
      args: [...argv],
      options: configOf(options),
      allowPositionals: true,
      tokens: true,
    } as const
    for (const token of parseArgs({ ...config, strict: false }).tokens) {
      if (token.kind === 'option') checkOption(token.name, token.rawName, options, undefined)
    }
    return parseArgs({ ...config, strict: true })
  } catch (error) {
    if (error instanceof TypeError) throw new WrongUsage(firstSentence(error.message), { cause: error })
    throw error
  }
}

const configOf = (options: Options): ParseArgsOptionsConfig =>
  Object.fromEntries(
    Object.entries(options).map(([name, { value, many, short }]) => [
      name,
      { type: value ? 'string' : 'boolean', ...(many && { multiple: true }), ...(short && { short }) },
    ]),
  )

const firstSentence = (message: string): string => message.split(/\.?\n|\. /, 1)[0] ?? message

const checkOption = (name: string, typed: string, allowed: Options, command: Command | undefined): void => {
  if (Object.hasOwn(allowed, name)) return
  const hint = suggestion(name, Object.keys(allowed)).replace('"', '"--')
  throw new WrongUsage(
    command ? `"${command.name}" takes no ${typed}${hint}` : `unknown option ${typed}${hint}`,
  )
}

const commandIn = (positionals: readonly string[], commands: readonly Command[]): Command | undefined => {
  const [group = '', verb] = positionals
  const named = (name: string) => commands.find((command) => command.name === name)
  const exact = named(`${group} ${verb ?? ''}`) ?? named(group)
  const verbs = commands.flatMap(({ name }) =>
    name.startsWith(`${group} `) ? [name.slice(group.length + 1)] : [],
  )
  if (exact && (verb === undefined || exact.name !== group || verbs.length === 0)) return exact
  if (group === '' || (verbs.length > 0 && verb === undefined)) return undefined
  if (verbs.length > 0)
    throw new WrongUsage(`unknown command "${group} ${verb}"${suggestion(verb ?? '', verbs)}`)
  const groups = [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? name))]
  throw new WrongUsage(`unknown command "${group}"${suggestion(group, groups)}`)
}

const missingIn = (command: Command, given: Given, rest: readonly string[]): string | undefined => {
  const { arguments: names = [], options = {} } = command
  const extra = rest[names.length]
  if (extra !== undefined) return `"${command.name}" takes no argument "${extra}"`
  const dots = rest.find((argument) => /^\.{0,2}$/.test(argument))
  if (dots !== undefined) return `"${dots}" is neither a name nor an id`
  const absent = [
    ...names.slice(rest.length),
    ...Object.entries(options).flatMap(([name, { required }]) =>
      required && given.text(name) === undefined && given.texts(name).length === 0 ? [`--${name}`] : [],
    ),
  ]
  return absent.length === 0 ? undefined : `"${command.name}" needs ${absent.join(', ')}`
}
