import { type AuditEvent, followEvents } from '@countersign/client'
import { refuse } from '../answer.ts'
import type { Command } from '../command.ts'
import { printable } from '../table.ts'

export const auditTail: Command = {
  name: 'audit tail',
  summary:
    'Prints what happens as it happens, until you stop it (Ctrl-C); with --json a line of JSON to an event',
  details:
    'From a stream, where the platform has one (on one machine); elsewhere it looks every two seconds, and tells each\n' +
    'event once.',
  options: {
    entity: { value: 'ID', help: 'of a token, a consumer, an API, …' },
    type: { value: 'TYPE', help: 'such as token.revoked' },
    actor: { value: 'ACTOR', help: 'who did it' },
    from: { value: 'INSTANT', help: 'from then on; from now on unless given' },
  },
  run: async (context) => {
    const { given, terminal } = context
    const filter = { entity: given.text('entity'), type: given.text('type'), actor: given.text('actor') }
    const options = { from: given.text('from'), signal: terminal.enough, now: terminal.now }
    const line = given.flag('json') ? (event: AuditEvent) => JSON.stringify(event) : inWords
    for await (const followed of followEvents(await context.client(), filter, options)) {
      if (!followed.ok) return refuse(context, followed.error)
      terminal.out(`${line(followed.value)}\n`)
    }
    return 0
  },
}

const LONGEST_TYPE = 'api.registration-rejected'.length

const inWords = ({ time, type, subject, actor }: AuditEvent): string =>
  printable(`${time}  ${type.padEnd(LONGEST_TYPE)}  ${subject}  by ${actor}`)
