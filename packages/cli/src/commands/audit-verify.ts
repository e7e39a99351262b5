import { type LogVerdict, verifyLog } from '@countersign/client'
import { printJson, refuse } from '../answer.ts'
import type { Command } from '../command.ts'
import { publishedKeys } from '../published-keys.ts'
import { table } from '../table.ts'
import { counted } from './token-view.ts'

export const auditVerify: Command = {
  name: 'audit verify',
  summary: 'Reads the log, computes every hash anew, and says which event was changed, moved or taken away',
  details: [
    'Every event is held to the one after it, the last one of an entity to the entity, and all of them to the daily',
    'seals. Nothing is taken from the platform’s word but the events themselves; with --keys not even the keys.',
    'Exit code 1 when something is wrong.',
  ].join('\n'),
  options: {
    entity: { value: 'ID', help: 'only the log of this token, consumer, API, …; seals are not looked at' },
    keys: { value: 'FILE', help: 'the published keys as you keep them ("countersign keys jwks")' },
  },
  run: async (context) => {
    const { given, terminal } = context
    const keys = await publishedKeys(given.text('keys'), terminal)
    const verified = await verifyLog(await context.client(), { entity: given.text('entity'), keys })
    if (!verified.ok) return refuse(context, verified.error)
    if (given.flag('json')) printJson(context, JSON.stringify(verified.value))
    else terminal.out(render(verified.value, given.text('entity') === undefined))
    return verified.value.findings.length === 0 ? 0 : 1
  },
}

const render = ({ entities, events, findings, seals }: LogVerdict, withSeals: boolean): string => {
  const read = `${counted(events, 'event')} of ${entities} ${entities === 1 ? 'entity' : 'entities'}`
  const sealed = withSeals ? sealedDays(seals) : ''
  if (findings.length === 0)
    return `The log is whole: ${read}, each held to the next, the last to its entity.\n${sealed}`
  const rows = table(findings, {
    ENTITY: ({ entity }) => entity,
    VERSION: ({ version }) => version,
    EVENT: ({ eventId }) => eventId,
    FAULT: ({ fault }) => fault,
    'WHAT IS WRONG': ({ detail }) => detail,
  })
  return `${rows}\nThe log is NOT whole: ${counted(findings.length, 'finding')} in ${read}.\n${sealed}`
}

const sealedDays = ({ days, from, until, events, late, since }: LogVerdict['seals']): string => {
  if (days === 0) return 'No day is sealed yet: a day is sealed an hour after it is over.\n'
  const span = from === until ? `${from}` : `${from} to ${until}`
  const told = late === 0 ? '' : `, ${late} of them a day or more after they happened`
  return `Sealed: ${counted(days, 'day')} (${span}), ${counted(events, 'event')}${told}; ${since} since.\n`
}
