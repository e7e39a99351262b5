import { findPython, NO_PYTHON } from '../aws/emulator.ts'
import { authorizationOf } from './authorization.ts'
import { coldOf, costOf } from './aws-decisions.ts'
import { startAwsHousing } from './aws-housing.ts'
import { burstOf, type Measured } from './burst.ts'
import { atMost, type Figure } from './figure.ts'
import { type Decided, type Housing, startHousing } from './housing.ts'
import { judged } from './judged.ts'
import { type LagLimits, LOCAL_LIMITS, oneAtATime } from './read-model.ts'
import { type RevocationLoad, revocationOf } from './revocation.ts'
import { missedIn, promisedIn, type SideBySide, sideBySide } from './side-by-side.ts'

/** What event → read model may take on AWS services (platform contract §11). */
const AWS_LIMITS: LagLimits = { p50: atMost(400), p99: atMost(1_200) }

/** How hard each world is asked. Every environment that refuses is ended by the emulator, so that few callers ask again there. */
interface Loads {
  readonly lags: readonly [count: number, limits: LagLimits]
  readonly revocation: RevocationLoad
  readonly rounds: number
}

const EVENTS = 2_000
/** All 300, however slow the machine is: the bound is there for a world that refuses to go on. */
const REVOCATIONS = { trials: 300, longestMilliseconds: 600_000, perToken: 1 } as const

const LOCAL: Loads = {
  lags: [300, LOCAL_LIMITS],
  revocation: REVOCATIONS,
  rounds: 4,
}

const AWS: Loads = {
  lags: [100, AWS_LIMITS],
  revocation: REVOCATIONS,
  rounds: 8,
}

type Say = (line: string) => void
type Step = (name: string, work: () => Promise<Measured>) => Promise<void>

/** Measures both worlds and prints them side by side; the exit code: 1 when a figure that was promised is missed. */
export const aws = async (say: Say): Promise<number> => {
  if (!(await findPython())) {
    say(NO_PYTHON)
    return 1
  }
  const local = await inWorld('this machine', startHousing, say, async (housing, step) => {
    await authorizations(housing, LOCAL, step)
    await travels(housing, LOCAL, step)
  })
  const emulated = await inWorld('AWS services', startAwsHousing, say, async (housing, step) => {
    const decisions = await authorizations(housing, AWS, step)
    await step('cold starts', async () => ({ figures: await coldOf(housing), notes: [] }))
    await step('cost', () => costOf(housing, decisions))
    await travels(housing, AWS, step)
  })
  return report({ local: local.figures, aws: emulated.figures }, [...local.notes, ...emulated.notes], say)
}

const report = (figures: SideBySide, notes: readonly string[], say: Say): number => {
  say(`\n${sideBySide(figures)}\n`)
  for (const note of notes) say(note)
  const misses = missedIn(figures)
  for (const line of misses) say(`missed  ${line}`)
  const promised = promisedIn(figures)
  say(`${promised - misses.length} of ${promised} promised figures met`)
  return misses.length === 0 ? 0 : 1
}

/** Opens a world, has it measured step by step, and closes it. */
const inWorld = async <H extends Housing>(
  title: string,
  start: () => Promise<H>,
  say: Say,
  measure: (housing: H, step: Step) => Promise<void>,
): Promise<Measured> => {
  const figures: Figure[] = []
  const notes: string[] = []
  const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const begun = performance.now()
    const done = await work()
    say(`${title}: ${what} (${((performance.now() - begun) / 1_000).toFixed(1)} s)`)
    return done
  }
  const housing = await timed('started', start)
  try {
    await measure(housing, (name, work) =>
      timed(name, async () => {
        let said: readonly string[] = []
        const bench = async () => {
          const measured = await work()
          said = measured.notes
          return measured.figures
        }
        figures.push(...(await judged(bench, say)))
        notes.push(...said.map((line) => `${title}: ${line}`))
      }),
    )
  } finally {
    await housing.world.stop()
  }
  return { figures, notes }
}

const authorizations = async (
  housing: Housing,
  { rounds }: Loads,
  step: Step,
): Promise<readonly Decided[]> => {
  let decisions: readonly Decided[] = []
  await step('authorization', async () => {
    const authorized = await authorizationOf(housing, rounds)
    decisions = authorized.decisions
    return { figures: authorized.figures, notes: [] }
  })
  return decisions
}

const travels = async (housing: Housing, loads: Loads, step: Step): Promise<void> => {
  await step('event → read model', async () => ({
    figures: (await oneAtATime(housing, ...loads.lags)).figures,
    notes: [],
  }))
  await step('revocation', async () => ({
    figures: await revocationOf(housing, loads.revocation),
    notes: [],
  }))
  await step(`burst of ${EVENTS} events`, () => burstOf(housing, EVENTS))
}
