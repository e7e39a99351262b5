import type { Client, Outcome } from '@countersign/client'
import { answer, refuse } from '../answer.ts'
import type { Context, ExitCode, Options } from '../command.ts'
import { openNewFile } from '../files.ts'

/** An option that names a new file for what is shown once. */
export const fileOption = (option: string, what: string) =>
  ({
    [option]: {
      value: 'FILE',
      help: `a new file for the ${what}, instead of printing it; only you can read it`,
    },
  }) satisfies Options

/** Something that an answer shows once: which member holds it, and what to say of it. */
export interface ShownOnce<Body, Member extends keyof Body> {
  /** The option with the file's name, without its dashes. */
  readonly option: string
  readonly member: Member
  /** `token`, `key`: what people call it. */
  readonly what: string
  readonly describe: (body: Omit<Body, Member>, now: Date) => string
  /** What is said when the answer does not show it. */
  readonly missing: (body: Omit<Body, Member>) => string
}

/**
 * Prints what is shown once as the last line; or, where a file was named, keeps it there and nowhere else, so that with
 * `--json` the body is printed without it. The file is made before anything is asked for.
 */
export const handOut = async <Body extends object, Member extends keyof Body>(
  context: Context,
  ask: (client: Client) => Promise<Outcome<Body>>,
  shown: ShownOnce<Body, Member>,
): Promise<ExitCode> => {
  const client = await context.client()
  const path = context.given.text(shown.option)
  if (path === undefined) return answer(context, await ask(client), (body) => printed(context, body, shown))
  const file = await openNewFile(path)
  try {
    const outcome = await ask(client)
    if (!outcome.ok) return refuse(context, outcome.error)
    const { [shown.member]: secret, ...body } = outcome.value.body
    if (secret !== undefined) await file.write(`${textOf(secret)}\n`)
    const kept = `\nThe ${shown.what} is in ${path}; it is shown nowhere else.\n`
    const value = { status: outcome.value.status, body, text: JSON.stringify(body) }
    return answer(
      context,
      { ok: true, value },
      () =>
        shown.describe(body, context.terminal.now()) + (secret === undefined ? shown.missing(body) : kept),
    )
  } finally {
    await file.close()
  }
}

const printed = <Body extends object, Member extends keyof Body>(
  { terminal }: Context,
  whole: Body,
  shown: ShownOnce<Body, Member>,
): string => {
  const { [shown.member]: secret, ...body } = whole
  return (
    shown.describe(body, terminal.now()) +
    (secret === undefined
      ? shown.missing(body)
      : `\nThis is the ${shown.what}. It is shown once; copy it now:\n${textOf(secret)}\n`)
  )
}

/** A key of its own form is one line of JSON. */
const textOf = (secret: unknown): string => (typeof secret === 'string' ? secret : JSON.stringify(secret))
