import { make as refreshSessions } from '@countersign/functions/schedules/refresh-sessions'
import { type Operation, taken } from './operations.ts'
import type { Cause } from './oracle.ts'
import { GROUPS, PEOPLE } from './people.ts'
import { keep, startTask } from './task.ts'
import type { World } from './world.ts'

const MAX_TASK_MILLISECONDS = 30_000

/** Somebody joins or leaves a group, or an account is suspended or let in again; nobody tells the platform. */
export const changeDirectory = ({ directory, oracle }: World, { pick, other }: Operation): void => {
  const person = taken(PEOPLE, pick) ?? PEOPLE[0]
  const group = taken(GROUPS, other >> 3) ?? GROUPS[0]
  if (other % 5 === 0) directory.toggleSuspension(person)
  else directory.toggleGroup(person, group)
  const causes = GROUPS.map((one) => leaving(person, one))
  const sessions = oracle.sessions.filter((one) => one.person === person)
  // Nobody can tell any more what these may open; what was said to be refused may have been given back.
  oracle.begin([...causes, ...sessions.map(({ id }) => `ended ${id}`)], causes)
  oracle.end([...causes, ...sessions.map(({ id }) => `ended ${id}`)], causes)
}

export const leaving = (person: string, group: string): Cause => `left ${person} ${group}`

/** What a look at the directory that begins now must bring about. */
const wanted = ({ directory, oracle }: World) =>
  PEOPLE.map((person) => {
    const left = GROUPS.filter((group) => !directory.groupsOf(person).includes(group))
    const ended = oracle.sessions.filter(
      (session) => directory.isSuspended(session.person) && session.person === person,
    )
    const causes = [...left.map((group) => leaving(person, group)), ...ended.map(({ id }) => `ended ${id}`)]
    return { person, changes: directory.changesOf(person), causes }
  })

/**
 * Asks about everybody who has a session. A look that overlaps an earlier one, or a sign-in, promises nothing: what these were
 * told before may be written after it, and where they die before they have asked again, the next look puts it right.
 */
export const refresh = async (world: World, { pick, fate }: Operation): Promise<void> => {
  const services = taken(world.operators, pick)
  if (!services) return
  const { asking, oracle, directory } = world
  const alone = asking.size === 0
  const people = wanted(world)
  const begun = oracle.begin([], [])
  const self = {}
  asking.add(self)
  const ended = () => void asking.delete(self)
  const start = { name: 'refresh', fate, limit: MAX_TASK_MILLISECONDS, now: world.now, ended }
  const task = await startTask(start, async () => {
    const done = await refreshSessions(services)().then(
      () => true,
      () => false,
    )
    if (!done || !alone) return
    for (const { person, changes, causes } of people)
      if (directory.changesOf(person) === changes) oracle.acknowledge(causes, begun, world.now)
    world.checkAll = true
  })
  keep(world, task)
}
