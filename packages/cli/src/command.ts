import type { Client } from '@countersign/client'
import type { Given } from './given.ts'
import type { Terminal } from './terminal.ts'

/** 0 done, 1 refused by the platform, 2 wrong usage, 3 platform not reachable. */
export type ExitCode = 0 | 1 | 2 | 3

export interface Option {
  /** What stands for the value in the help; without it the option is a flag. */
  readonly value?: string
  readonly help: string
  readonly required?: true
  /** May be given more than once. */
  readonly many?: true
  readonly short?: string
}

export type Options = Readonly<Record<string, Option>>

/** What a command has at hand. */
export interface Context {
  readonly given: Given
  readonly terminal: Terminal
  /** Built when it is first asked for, so that a wrong credential is no trouble to who needs none. */
  readonly client: () => Promise<Client>
}

export interface Command {
  /** One or two words: `pipeline`, `tokens issue`. */
  readonly name: string
  /** In the order they are given; all of them have to be. */
  readonly arguments?: readonly string[]
  readonly options?: Options
  /** One line. */
  readonly summary: string
  readonly details?: string
  readonly run: (context: Context) => Promise<ExitCode>
}

/** Ends the command with exit code 2; the message never holds what was read from a file or from stdin. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage'
}

export const GLOBAL_OPTIONS = {
  json: { help: 'print the HTTP body as it is: one JSON document' },
  endpoint: { value: 'URL', help: 'the HTTP API ($COUNTERSIGN_ENDPOINT, else http://127.0.0.1:8787)' },
  credential: {
    value: 'FILE',
    help: 'holds your bearer token ($COUNTERSIGN_CREDENTIAL, else .countersign/operator.token)',
  },
  'idempotency-key': { value: 'KEY', help: 'the same key again: no second effect, the same answer' },
  help: { help: 'this text; after a command, what it takes', short: 'h' },
  version: { help: 'the version of this command' },
} as const satisfies Options
