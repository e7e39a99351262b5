import { WrongUsage } from './command.ts'

type Value = string | boolean | readonly (string | boolean)[] | undefined

/** What was typed after a command's name; it is complete, since the parser has checked it. */
export class Given {
  readonly #values: Readonly<Record<string, Value>>
  readonly #arguments: readonly string[]

  constructor(values: Readonly<Record<string, Value>>, positionals: readonly string[]) {
    this.#values = values
    this.#arguments = positionals
  }

  argument(index: number): string {
    const value = this.#arguments[index]
    if (value === undefined) throw new Error(`the command declares no argument ${index}`)
    return value
  }

  text(option: string): string | undefined {
    const value = this.#values[option]
    return typeof value === 'string' ? value : undefined
  }

  required(option: string): string {
    const value = this.text(option)
    if (value === undefined) throw new Error(`the command does not declare --${option} as required`)
    return value
  }

  texts(option: string): readonly string[] {
    const value = this.#values[option]
    return Array.isArray(value) ? value.map(String) : []
  }

  flag(option: string): boolean {
    return this.#values[option] === true
  }

  wholeNumber(option: string): number | undefined {
    const text = this.text(option)
    if (text === undefined) return undefined
    if (!/^\d{1,9}$/.test(text)) throw new WrongUsage(`--${option} takes a whole number, not "${text}"`)
    return Number(text)
  }

  oneOf<const T extends string>(option: string, choices: readonly T[]): T {
    const text = this.required(option)
    const choice = choices.find((known) => known === text)
    if (!choice) throw new WrongUsage(`--${option} is one of ${choices.join(', ')}, not "${text}"`)
    return choice
  }
}
