import type { IssuedToken, IssueToken, RerollToken } from '@countersign/client'
import { type Command, WrongUsage } from '../command.ts'
import type { Given } from '../given.ts'
import { fileOption, handOut, type ShownOnce } from './hand-out.ts'
import { repeatable } from './shared-options.ts'
import { describeToken } from './token-view.ts'

const TOKEN_FILE = fileOption('token-file', 'token')

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
      return handOut(context, ({ tokens }) => tokens.issue(body, repeatable(context)), SHOWN)
    },
  },
  {
    name: 'tokens collect',
    arguments: ['ID'],
    summary: 'Takes a token you asked for, once it is approved',
    options: TOKEN_FILE,
    run: (context) =>
      handOut(context, ({ tokens }) => tokens.collect(context.given.argument(0), repeatable(context)), SHOWN),
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
      return handOut(
        context,
        ({ tokens }) => tokens.reroll(context.given.argument(0), body, repeatable(context)),
        SHOWN,
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

const nextStep = ({ id, state }: IssuedToken): string =>
  state === 'requested'
    ? `\nSomebody else approves it with "countersign tokens approve ${id}"; then "countersign tokens collect ${id}".\n`
    : '\nThe token was shown when it was issued, and is not shown again.\n'

const SHOWN: ShownOnce<IssuedToken, 'token'> = {
  option: 'token-file',
  member: 'token',
  what: 'token',
  describe: describeToken,
  missing: nextStep,
}
