import { Access } from '@countersign/core/access'
import type { EventOf, EventType } from '@countersign/core/events'
import { exampleEvents, exampleOf } from './examples.ts'
import { readersOf } from './readers.ts'

const projected: readonly EventType[] = Access.PROJECTED

const until = (type: EventType): readonly EventOf[] => {
  const { subject, entityversion } = exampleOf(type)
  return exampleEvents.filter((event) => event.subject === subject && event.entityversion <= entityversion)
}

/** The first row of a kind that the log up to some events makes, as it is stored. */
const rowAfter = (kind: string, ...types: readonly EventType[]): string => {
  const rows = Access.rebuild(types.flatMap(until))
  const [key, row] = [...rows].find(([name]) => name.startsWith(`${kind}#`)) ?? []
  if (!row) throw new Error(`no ${kind} row comes of ${types.join(', ')}`)
  return `\`${key}\`\n\n\`\`\`json\n${JSON.stringify(row, null, 2)}\n\`\`\``
}

const writesTable = (): string =>
  [
    '| event | row | register | rank | value | saved with the command |',
    '| --- | --- | --- | --- | --- | --- |',
    ...projected.flatMap((type) => [
      ...new Set(Access.project(exampleOf(type)).map((write) => line(type, write))),
    ]),
  ].join('\n')

type Write = ReturnType<typeof Access.project>[number]

const line = (type: EventType, { row, register, rank, value, by }: Write): string =>
  `| ${[
    `\`${type}\``,
    `\`${row.replace(/#\d$/, '#0…').replace(/(tok|ses)_\w+/, '$1_…')}\``,
    `\`${register.replace(/_\w+$/, '_…')}\``,
    String(rank),
    value === null ? 'none' : 'given',
    by === 'command' ? 'yes' : 'no',
  ].join(' | ')} |`

const shardsText = (): string => `${Access.SHARDS} copies: \`#0\` to \`#${Access.SHARDS - 1}\`.`

const byCommandAlone = (): string =>
  projected
    .filter((type) => !readersOf(type).includes('ProjectAccess'))
    .map((type) => `\`${type}\``)
    .join(', ')

/** What stands between the marks of docs/read-model.md. */
export const readModelParts = (): Readonly<Record<string, string>> => ({
  'token row': rowAfter('token', 'token.issued'),
  'token row, revoked': rowAfter('token', 'token.revoked'),
  'session row': rowAfter('session', 'session.ended'),
  'deployment row': rowAfter('deployment', 'api.updated'),
  'fence row': rowAfter('fence', 'consumer.suspended', 'signing-key.compromised'),
  writes: writesTable(),
  shards: shardsText(),
  'by command alone': `Written by commands alone: ${byCommandAlone()}.`,
})

const PART = /(<!-- generated: ([a-z, ]+) -->)[\s\S]*?(<!-- end -->)/g

/** The page with its generated parts as they are today; throws for a mark that names no part, and for a part that no mark names. */
export const withReadModelParts = (page: string): string => {
  const parts = readModelParts()
  const used = new Set<string>()
  const filled = page.replaceAll(PART, (_, begin: string, name: string, end: string) => {
    const part = parts[name]
    if (part === undefined) throw new Error(`docs/read-model.md marks an unknown part: ${name}`)
    used.add(name)
    return `${begin}\n\n${part}\n\n${end}`
  })
  const unused = Object.keys(parts).filter((name) => !used.has(name))
  if (unused.length > 0) throw new Error(`docs/read-model.md lacks the parts ${unused.join('; ')}`)
  return filled
}
