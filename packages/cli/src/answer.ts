import {
  allItems,
  type Client,
  type Failure,
  type Outcome,
  type Page,
  type Paging,
} from '@countersign/client'
import type { Context, ExitCode, Options } from './command.ts'
import { type Columns, printable, table } from './table.ts'

export const PAGING = {
  limit: { value: 'N', help: 'items of one page, at most 100' },
  cursor: { value: 'CURSOR', help: 'the page that begins there' },
  all: { help: 'every page' },
} as const satisfies Options

/** With `--json` the body as it is; else what `render` makes of it. */
export const answer = <Body>(
  context: Context,
  outcome: Outcome<Body>,
  render: (body: Body) => string,
): ExitCode => {
  if (!outcome.ok) return refuse(context, outcome.error)
  const { body, text } = outcome.value
  if (context.given.flag('json')) printJson(context, text)
  else context.terminal.out(render(body))
  return 0
}

/** As it is; on a terminal the prompt gets its own line. */
export const printJson = ({ terminal }: Pick<Context, 'terminal'>, text: string): void => {
  terminal.out(text)
  if (terminal.interactive && text !== '') terminal.out('\n')
}

const REMEDY = '  start the platform with "npx -y pnpm@12 start", or name another one with --endpoint URL\n'

/** Says on stderr why nothing was done, or that nobody knows. */
export const refuse = ({ given, terminal }: Context, failure: Failure): ExitCode => {
  if (failure.reason === 'unreachable') {
    terminal.error(`countersign: unreachable: ${printable(causeOf(failure.cause))}\n${REMEDY}`)
    return 3
  }
  const { problem } = failure
  if (given.flag('json')) {
    terminal.error(`${JSON.stringify(problem)}\n`)
    return 1
  }
  const { errors = [] } = problem
  // With several errors the detail is all of them in one line; below they stand one by one.
  const headline = errors.length > 0 ? problem.title : (problem.detail ?? problem.title)
  terminal.error(`countersign: ${printable(`${problem.code}: ${headline}`)}\n`)
  for (const { pointer, code, detail } of errors)
    terminal.error(`  ${printable(`${pointer || '/'}: ${detail ?? code ?? 'refused'}`)}\n`)
  return 1
}

/** The innermost message: `fetch` itself only says that it failed. */
const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'no answer within the time limit'
  if (error.cause instanceof Error) return causeOf(error.cause)
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0])
  return error.message
}

export interface ListView<T> {
  readonly columns: Columns<T>
  /** A sentence for a list with nothing in it. */
  readonly empty: string
}

/** One page, or with `--all` every page as if it were one. */
export const list = async <T>(
  context: Context,
  load: (client: Client, paging: Paging) => Promise<Outcome<Page<T>>>,
  view: ListView<T>,
): Promise<ExitCode> => {
  const { given } = context
  const start = given.text('cursor')
  const limit = given.wholeNumber('limit')
  const client = await context.client()
  const render = ({ items, nextCursor }: Page<T>): string =>
    `${items.length === 0 ? `${view.empty}\n` : table(items, view.columns)}${moreOf(nextCursor)}`
  if (!given.flag('all')) return answer(context, await load(client, { limit, cursor: start }), render)
  const items = await allItems((cursor) => load(client, { limit: limit ?? 100, cursor }), start)
  if (!items.ok) return refuse(context, items.error)
  const body = { items: items.value, nextCursor: null }
  return answer(context, { ok: true, value: { status: 200, body, text: JSON.stringify(body) } }, render)
}

const moreOf = (cursor: string | null): string =>
  cursor === null ? '' : `\nThere are more: --cursor ${printable(cursor)}, or --all.\n`
