import type { Consumer, ConsumerSecret, GrantRequest } from '@countersign/client'
import { answer, refuse } from '../answer.ts'
import { type Command, WrongUsage } from '../command.ts'
import { facts } from '../table.ts'
import { both } from '../time.ts'
import { describeConsumer } from './consumer-view.ts'
import { fileOption, handOut, type ShownOnce } from './hand-out.ts'
import { NOTE, repeatable } from './shared-options.ts'
import { REASONS } from './token-life.ts'

export const SECRET_FILE = fileOption('secret-file', 'key')

/** The key a consumer signs with, as a JSON Web Key. */
export const SHOWN_SECRET: ShownOnce<Consumer & Partial<ConsumerSecret>, 'secret'> = {
  option: 'secret-file',
  member: 'secret',
  what: 'key it signs with, a JSON Web Key',
  describe: describeConsumer,
  missing: () => '\nThe key was shown when it was made, and is not shown again.\n',
}

const grant: Command = {
  name: 'consumers grant',
  arguments: ['ID'],
  summary: 'Says what the tokens open that a consumer signs itself',
  details: 'Replaces what they open of this API in this environment; without --route that is nothing.',
  options: {
    api: { value: 'A', help: 'name or id of the API', required: true },
    environment: { value: 'E', help: 'of that API', required: true },
    route: { value: 'ROUTE', help: "such as 'GET /x/{id}'; as often as needed", many: true },
  },
  run: async (context) => {
    const { given, terminal } = context
    const { consumers } = await context.client()
    const id = given.argument(0)
    const shown = await consumers.show(id)
    if (!shown.ok) return refuse(context, shown.error)
    const grants = merged(shown.value.body, {
      api: given.required('api'),
      environment: given.required('environment'),
      routes: given.texts('route'),
    })
    const changed = await consumers.changeGrants(id, grants, { ifMatch: shown.value.etag })
    return answer(context, changed, (consumer) => describeConsumer(consumer, terminal.now()))
  },
}

const merged = ({ selfSigning }: Consumer, wanted: GrantRequest): readonly GrantRequest[] => {
  const others = (selfSigning?.grants ?? [])
    .filter(
      ({ api, apiId, environment }) =>
        environment !== wanted.environment || (api !== wanted.api && apiId !== wanted.api),
    )
    .map(({ api, environment, routes }) => ({ api, environment, routes }))
  return wanted.routes.length > 0 ? [...others, wanted] : others
}

const approveGrants: Command = {
  name: 'consumers approve-grants',
  arguments: ['ID'],
  summary: 'Agrees to what somebody else wants a consumer’s own tokens to open',
  run: async (context) => {
    const { consumers } = await context.client()
    const approved = await consumers.approveGrants(context.given.argument(0), repeatable(context))
    return answer(context, approved, (consumer) => describeConsumer(consumer, context.terminal.now()))
  },
}

const secret: Command = {
  name: 'consumers secret',
  arguments: ['ID'],
  summary: 'Gives a consumer a new key to sign its own tokens with',
  details: 'The key before it is accepted for --overlap, so that nothing breaks while it is replaced.',
  options: {
    overlap: { value: 'DURATION', help: '7d unless given; 0s refuses the key before it at once' },
    ...SECRET_FILE,
  },
  run: (context) =>
    handOut(
      context,
      ({ consumers }) => {
        const overlap = context.given.text('overlap')
        const body = { ...(overlap !== undefined && { overlap }) }
        return consumers.rotateSecret(context.given.argument(0), body, repeatable(context))
      },
      SHOWN_SECRET,
    ),
}

const revoke: Command = {
  name: 'consumers revoke',
  arguments: ['ID'],
  summary: 'Refuses one token that a consumer signed itself, or all that were issued to it before an instant',
  options: {
    token: { value: 'JTI', help: 'the id that the consumer gave it' },
    'issued-before': { value: 'INSTANT', help: 'such as 2026-01-31T00:00:00Z' },
    reason: { value: 'REASON', help: REASONS.join(', '), required: true },
    ...NOTE,
  },
  run: async (context) => {
    const { given, terminal } = context
    const [token, issuedBefore] = [given.text('token'), given.text('issued-before')]
    if ((token === undefined) === (issuedBefore === undefined))
      throw new WrongUsage('give --token or --issued-before')
    const { revocations } = await context.client()
    const body = {
      consumer: given.argument(0),
      token,
      issuedBefore,
      reason: given.oneOf('reason', REASONS),
      note: given.text('note'),
    }
    const revoked = await revocations.revoke(body, repeatable(context))
    return answer(context, revoked, (set) =>
      facts({
        consumer: set.consumer,
        token: set.token,
        'issued before': both(set.issuedBefore, terminal.now()),
        revoked: both(set.revokedAt, terminal.now()),
        'enforced by': both(set.enforcedBy, terminal.now()),
      }),
    )
  },
}

/** The life of a consumer that signs its own tokens. */
export const selfSigning: readonly Command[] = [grant, approveGrants, secret, revoke]
