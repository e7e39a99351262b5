import { done } from '../support/world.ts'
import { atLeast, type Bench, exactly } from './figure.ts'
import { type Caller, callerOf, type Housing, type Issued, startHousing, TENANCY } from './housing.ts'

const TRIALS = 1_000
const CALLERS = 8
const LONGEST_MILLISECONDS = 75_000
const ISSUED_AHEAD = 50

interface Outcome {
  readonly before: number
  readonly after: number
  readonly accepted: number
}

/** Eight callers keep calling with one token; the moment its revocation is acknowledged, no new call may get through. */
export const revocation: Bench = async () => {
  const housing = await startHousing()
  const { call, close } = callerOf(housing.world.gateway, CALLERS)
  try {
    const outcomes = await trials(housing, call)
    const sum = (count: keyof Outcome) => outcomes.reduce((total, outcome) => total + outcome[count], 0)
    const against = `${outcomes.length} revocations, ${CALLERS} callers at once: ${sum('before')} accepted before, ${sum('after')} asked after`
    return [
      {
        name: 'accepted after an acknowledged revocation',
        value: sum('accepted'),
        unit: 'requests',
        against,
        limit: exactly(0),
      },
      {
        name: 'revocations tried under load',
        value: outcomes.filter(({ before, after }) => before >= CALLERS && after >= CALLERS).length,
        unit: 'requests',
        against: 'every caller let through before, and asking again after',
        limit: atLeast(TRIALS),
      },
    ]
  } finally {
    close()
    await housing.world.stop()
  }
}

const trials = async (housing: Housing, call: Caller): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = []
  const end = performance.now() + LONGEST_MILLISECONDS
  while (outcomes.length < TRIALS && performance.now() < end) {
    const ahead = await Promise.all(Array.from({ length: ISSUED_AHEAD }, () => housing.issue()))
    await housing.world.settled()
    for (const issued of ahead) {
      if (performance.now() < end) outcomes.push(await trial(housing, call, issued))
    }
  }
  return outcomes
}

const trial = async ({ world }: Housing, call: Caller, { id, token }: Issued): Promise<Outcome> => {
  let acknowledged = false
  let [before, after, accepted, warm] = [0, 0, 0, 0]
  const allWarm = Promise.withResolvers<void>()
  const caller = async () => {
    for (let asked = 0; ; asked++) {
      const late = acknowledged // at the moment the call begins
      const status = await call(TENANCY, token)
      if (asked === 0 && ++warm === CALLERS) allWarm.resolve()
      if (late) {
        after += 1
        accepted += Number(status !== 401)
        return
      }
      before += Number(status === 200)
    }
  }
  const callers = Promise.all(Array.from({ length: CALLERS }, caller))
  await allWarm.promise
  done(await world.client.tokens.revoke(id, { reason: 'compromised' }))
  acknowledged = true
  await callers
  return { before, after, accepted }
}
