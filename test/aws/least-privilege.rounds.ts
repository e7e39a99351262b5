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
 * A round for each grant; what went wrong in one is its error. Functions of one lane share a state and take turns. The
 * lanes that nothing need be made ready for begin at once, because they are the longest; the others when all is ready.
 */
export const roundsOf = async (
  world: EmulatorWorld,
  grants: readonly Grant[],
  probes: Probes,
): Promise<ReadonlyMap<string, Round | Error>> => {
  const asked = grants.map((grant) => ({ grant, probe: probeOf(probes, grant) }))
  const lanes = [...Map.groupBy(asked, ({ grant, probe }) => probe.lane ?? grant.of).values()]
  const rounds = new Map<string, Round | Error>()
  const made = new Map<Grant, Act | Error>()
  const inTurn = async (lane: Lane) => {
    for (const { grant, probe } of lane) {
      const act = made.get(grant) ?? (await settled(probe.prepare(grant)))
      rounds.set(textOf(grant), await settled(round(world, grant, act)))
    }
  }
  const play = async (lane: Lane) => {
    const parts = Map.groupBy(lane, ({ grant, probe }) => probe.apart?.(grant))
    const together = parts.get(undefined) ?? []
    parts.delete(undefined)
    await Promise.all([...parts.values()].map(inTurn))
    await inTurn(together)
  }
  const atOnce = lanes.filter((lane) => lane.every(({ probe }) => probe.anytime))
  const begun = inTurns(atOnce, play)
  await inTurns(asked, async ({ grant, probe }) => {
    if (!probe.late && !probe.anytime) made.set(grant, await settled(probe.prepare(grant)))
  })
  // The longest begins first, so that it is not waited for in the end.
  const others = lanes.filter((lane) => !atOnce.includes(lane)).toSorted((a, b) => b.length - a.length)
  await inTurns(others.filter(isEarly), play)
  await inTurns(
    others.filter((lane) => !isEarly(lane)),
    play,
  )
  await begun
  return rounds
}

type Lane = readonly { readonly grant: Grant; readonly probe: Probe }[]

const isEarly = (lane: Lane): boolean => lane.some(({ probe }) => probe.early)

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
