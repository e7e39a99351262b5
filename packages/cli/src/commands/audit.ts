import { list, PAGING } from '../answer.ts'
import type { Command } from '../command.ts'
import { relative } from '../time.ts'

export const audit: Command = {
  name: 'audit list',
  summary: 'Lists what happened, who did it, and because of what',
  options: {
    entity: { value: 'ID', help: 'of a token, a consumer, an API, …' },
    type: { value: 'TYPE', help: 'such as token.revoked' },
    actor: { value: 'ACTOR', help: 'who did it' },
    from: { value: 'INSTANT', help: 'from then on, such as 2026-01-31T00:00:00Z' },
    to: { value: 'INSTANT', help: 'before then' },
    ...PAGING,
  },
  run: (context) => {
    const { given, terminal } = context
    const filter = {
      entity: given.text('entity'),
      type: given.text('type'),
      actor: given.text('actor'),
      from: given.text('from'),
      to: given.text('to'),
    }
    const now = terminal.now()
    return list(context, ({ audit }, paging) => audit.events({ ...filter, ...paging }), {
      columns: {
        TIME: ({ time }) => time,
        '': ({ time }) => relative(time, now),
        TYPE: ({ type }) => type,
        ENTITY: ({ subject }) => subject,
        ACTOR: ({ actor }) => actor,
        'BECAUSE OF': ({ causationid }) => causationid,
        EVENT: ({ id }) => id,
      },
      empty: 'Nothing happened that matches.',
    })
  },
}
