import type { Client, IssuedToken, IssueToken, Outcome, RerollToken } from '@countersign/client'
import { answer } from '../answer.ts'
import { type Command, type Context, type ExitCode, type Options, WrongUsage } from '../command.ts'
import { openTokenFile, type TokenFile } from '../files.ts'
import type { Given } from '../given.ts'
import { repeatable } from './shared-options.ts'
import { describeToken } from './token-view.ts'

const TOKEN_FILE = {
  'token-file': {
    value: 'FILE',
    help: 'a new file for the token, instead of printing it; only you can read it',
  },
} as const satisfies Options

/** Commands that hand a token out. It is shown once. */
export const issuing: readonly Command[] = [
  {
    name: 'tokens issue',
    summary: 'Issues a token, or asks for one where somebody else has to approve',
    details:
      'The token is the last line of the output, or what --token-file holds. It is shown once, and kept nowhere.',
    options: {
      consumer: { value: 'ID', help: 'who holds it: con_…', required: true },
      api: { value: 'A', help: 'name or id of the API it opens', required: true },
      environment: { value: 'E', help: 'of that API', required: true },
      route: {
        value: 'ROUTE',
        help: "such as 'GET /x/{id}'; as often as needed",
        required: true,
        many: true,
      },
      'usage-plan': { value: 'PLAN', help: 'counts what is asked with it' },
      'expires-in': { value: 'DURATION', help: '30d, 12h, 15m' },
      'expires-at': { value: 'INSTANT', help: 'such as 2026-01-31T00:00:00Z' },
      reason: { value: 'TEXT', help: 'for who approves, and for the audit log' },
      ...TOKEN_FILE,
    },
    run: (context) => {
      const body = requestOf(context.given)
      return handOut(context, ({ tokens }) => tokens.issue(body, repeatable(context)))
    },
  },
  {
    name: 'tokens collect',
    arguments: ['ID'],
    summary: 'Takes a token you asked for, once it is approved',
    options: TOKEN_FILE,
    run: (context) =>
      handOut(context, ({ tokens }) => tokens.collect(context.given.argument(0), repeatable(context))),
  },
  {
    name: 'tokens reroll',
    arguments: ['ID'],
    summary: 'Issues the successor of a token; the one before works on for a day',
    options: {
      grace: { value: 'DURATION', help: 'how long the one before works: 24h unless given' },
      now: { help: 'the one before is refused at once' },
      'expires-in': { value: 'DURATION', help: '30d, 12h, 15m; the same lifetime unless given' },
      'expires-at': { value: 'INSTANT', help: 'such as 2026-01-31T00:00:00Z' },
      ...TOKEN_FILE,
    },
    run: (context) => {
      const body = rerollOf(context.given)
      return handOut(context, ({ tokens }) =>
        tokens.reroll(context.given.argument(0), body, repeatable(context)),
      )
    },
  },
]

const expiryOf = (given: Given) => {
  const expiresIn = given.text('expires-in')
  const expiresAt = given.text('expires-at')
  if (expiresIn !== undefined && expiresAt !== undefined)
    throw new WrongUsage('give --expires-in or --expires-at, not both')
  return { expiresIn, expiresAt }
}

const rerollOf = (given: Given): RerollToken => {
  const grace = given.text('grace')
  if (grace !== undefined && given.flag('now')) throw new WrongUsage('give --grace or --now, not both')
  return { grace, ...(given.flag('now') && { now: true }), ...expiryOf(given) }
}

const requestOf = (given: Given): IssueToken => {
  const grant = {
    api: given.required('api'),
    environment: given.required('environment'),
    routes: given.texts('route'),
    usagePlan: given.text('usage-plan'),
  }
  return {
    consumer: given.required('consumer'),
    grants: [grant],
    ...expiryOf(given),
    reason: given.text('reason'),
  }
}

const handOut = async (
  context: Context,
  ask: (client: Client) => Promise<Outcome<IssuedToken>>,
): Promise<ExitCode> => {
  const client = await context.client()
  const path = context.given.text('token-file')
  if (path === undefined) {
    return answer(context, await ask(client), (issued) => describeIssued(issued, context.terminal.now()))
  }
  const file = await openTokenFile(path)
  try {
    return await keep(context, file, path, await ask(client))
  } finally {
    await file.close()
  }
}

const describeIssued = ({ token, ...issued }: IssuedToken, now: Date): string =>
  token === undefined
    ? describeToken(issued, now) + nextStep(issued)
    : `${describeToken(issued, now)}\nThis is the token. It is shown once; copy it now:\n${token}\n`

const nextStep = ({ id, state }: IssuedToken): string =>
  state === 'requested'
    ? `\nSomebody else approves it with "countersign tokens approve ${id}"; then "countersign tokens collect ${id}".\n`
    : '\nThe token was shown when it was issued, and is not shown again.\n'

/** The token goes to the file and nowhere else, so with `--json` the body is printed without it. */
const keep = async (
  context: Context,
  file: TokenFile,
  path: string,
  outcome: Outcome<IssuedToken>,
): Promise<ExitCode> => {
  if (!outcome.ok) return answer(context, outcome, () => '')
  const { token, ...body } = outcome.value.body
  if (token !== undefined) await file.write(token)
  const shown = { status: outcome.value.status, body, text: JSON.stringify(body) }
  return answer<IssuedToken>(context, { ok: true, value: shown }, (issued) => {
    const described = describeToken(issued, context.terminal.now())
    return (
      described +
      (token === undefined ? nextStep(issued) : `\nThe token is in ${path}; it is shown nowhere else.\n`)
    )
  })
}
