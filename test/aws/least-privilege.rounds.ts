import type { Act, Outcome } from './least-privilege.calls.ts'
import { type Grant, textOf, without } from './least-privilege.grants.ts'
import type { Probe, Probes } from './least-privilege.probes.ts'
import type { EmulatorWorld } from './world.ts'

/** What came of the same thing, tried without a grant and then with it. */
export interface Round {
  readonly without: Outcome
  readonly granted: Outcome
}

/** Enough that nobody waits for the emulator's pauses, and few enough for two processors. */
const AT_ONCE = 6

/**
 * A round for each grant; what went wrong in one is its error. Functions of one lane share a state and take turns. What
 * can wait is made ready for all before the first grant is taken away.
 */
export const roundsOf = async (
  world: EmulatorWorld,
  grants: readonly Grant[],
  probes: Probes,
): Promise<ReadonlyMap<string, Round | Error>> => {
  const ready = await inTurns(grants, async (grant) => {
    const probe = probeOf(probes, grant)
    return { grant, probe, act: probe.late ? undefined : await settled(probe.prepare(grant)) }
  })
  const lanes = [...Map.groupBy(ready, ({ grant, probe }) => probe.lane ?? grant.of).values()]
  const rounds = new Map<string, Round | Error>()
  const play = async (some: typeof lanes) => {
    // The longest begins first, so that it is not waited for in the end.
    await inTurns(
      some.toSorted((a, b) => b.length - a.length),
      async (lane) => {
        for (const { grant, probe, act } of lane)
          rounds.set(
            textOf(grant),
            await settled(round(world, grant, act ?? (await settled(probe.prepare(grant))))),
          )
      },
    )
  }
  await play(lanes.filter(isEarly))
  await play(lanes.filter((lane) => !isEarly(lane)))
  return rounds
}

const isEarly = (lane: readonly { readonly probe: Probe }[]): boolean => lane.some(({ probe }) => probe.early)

const round = async (world: EmulatorWorld, grant: Grant, act: Act | Error): Promise<Round> => {
  if (act instanceof Error) throw act
  return { without: await without(world, grant, act), granted: await atLast(act) }
}

const TRIES = 5

/** On a busy machine the authorizer's own limits end a read that was allowed: it is asked again. */
const atLast = async (act: Act): Promise<Outcome> => {
  for (let left = TRIES; left > 1; left--) if ((await act()) === 'done') return 'done'
  return act()
}

const probeOf = (probes: Probes, grant: Grant): Probe => {
  const probe = probes.get(grant.of)
  if (!probe) throw new Error(`nothing probes ${textOf(grant)}`)
  return probe
}

const settled = async <T>(work: Promise<T>): Promise<T | Error> =>
  work.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))

const inTurns = async <T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> => {
  const results: R[] = []
  const left = items.entries()
  const worker = async () => {
    for (const [index, item] of left) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return results
}
