import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { GroupId } from '@countersign/core/schema'
import type { GroupDirectory } from '@countersign/core/session'
import { err, ok } from '@countersign/core/shared'
import { parse } from 'yaml'
import * as z from 'zod'

const Person = z.strictObject({
  /** Never changes; the address may. */
  id: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, { error: 'use 1 to 64 letters, digits, ".", "_" or "-"' }),
  name: z.string().trim().min(1).max(200),
  email: z.email(),
  groups: z.array(GroupId).default([]),
  suspended: z.boolean().default(false),
})

const People = z
  .strictObject({ people: z.array(Person).max(1_000) })
  .refine(({ people }) => new Set(people.map(({ id }) => id)).size === people.length, {
    path: ['people'],
    error: 'two people have one id',
  })

export type LocalPerson = z.output<typeof Person>

/** Whom the sign-in page lists, and what they are members of. */
export interface PeopleFile {
  readonly file: string
  /** As the file is now. Throws, with every reason, when it cannot be read. */
  read(): readonly LocalPerson[]
}

const FIRST = `# Who can sign in at this platform, and the groups they are members of. Read anew whenever somebody asks:
# take a group from a person and the next refresh takes what it opened from their sessions.
people:
  - id: ada
    name: Ada Lovelace
    email: ada@example.org
    groups: [housing-officers, managers]
  - id: grace
    name: Grace Hopper
    email: grace@example.org
    groups: [housing-officers]
  - id: mallory
    name: Mallory Archer
    email: mallory@example.org
    groups: []
`

/** The file of people, made with a few when it is not there. */
export const peopleFile = (file: string): PeopleFile => {
  if (!existsSync(file)) writeFileSync(file, FIRST, { mode: 0o600 })
  return { file, read: () => peopleIn(readFileSync(file, 'utf8'), file) }
}

const peopleIn = (text: string, file: string): readonly LocalPerson[] => {
  try {
    const parsed = People.safeParse(parse(text))
    if (parsed.success) return parsed.data.people
    throw new Error(z.prettifyError(parsed.error))
  } catch (error) {
    throw new Error(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The people's file as a directory. */
export const fileDirectory = ({ read }: PeopleFile): GroupDirectory => ({
  groupsOf: async ({ id }) => {
    const person = read().find((one) => one.id === id)
    if (!person) return err('account_unknown')
    return person.suspended ? err('account_suspended') : ok(person.groups)
  },
})
