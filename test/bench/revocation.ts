import { setTimeout } from 'node:timers/promises'
import { atLeast, type Bench, exactly, type Figure } from './figure.ts'
import { type Caller, callerOf, type Housing, type Issued, startHousing, TENANCY } from './housing.ts'
import { times } from './measure.ts'

const CALLERS = 8
const ISSUED_AHEAD = 50
const WARM_MILLISECONDS = 30_000

/** At most, before one who failed asks again: environments that start at once must not starve each other. */
const BREATH_MILLISECONDS = 400
const MOST_FAILURES = 50

export interface RevocationLoad {
  readonly trials: number
  /** However many trials were made by then, no other begins. */
  readonly longestMilliseconds: number
  /** How many of the eight callers have the same token: as many trials go on at once as make it eight callers. */
  readonly perToken: 1 | 2 | 4 | 8
}

interface Outcome {
  readonly before: number
  readonly after: number
  readonly accepted: number
  /** Answered with 5xx after the acknowledgement. */
  readonly failed: number
}

/** Eight callers keep calling with one token; the moment its revocation is acknowledged, no new call may get through. */
export const revocation: Bench = async () => {
  const housing = await startHousing()
  try {
    return await revocationOf(housing, { trials: 1_000, longestMilliseconds: 75_000, perToken: 8 })
  } finally {
    await housing.world.stop()
  }
}

export const revocationOf = async (housing: Housing, load: RevocationLoad): Promise<readonly Figure[]> => {
  const { call, close } = callerOf(housing.world.gateway, CALLERS)
  const outcomes = await trials(housing, call, load).finally(close)
  const sum = (count: keyof Outcome) => outcomes.reduce((total, outcome) => total + outcome[count], 0)
  const underLoad = ({ before, after }: Outcome) => before >= load.perToken && after >= load.perToken
  const asked = `${sum('before')} accepted before, ${sum('after')} asked after`
  const failed = sum('failed') === 0 ? '' : `, ${sum('failed')} times answered with 5xx and asked once more`
  return [
    {
      name: 'accepted after an acknowledged revocation',
      value: sum('accepted'),
      unit: 'requests',
      against: `${outcomes.length} revocations, ${CALLERS} callers at once, ${load.perToken} per token: ${asked}${failed}`,
      limit: exactly(0),
    },
    {
      name: 'revocations tried under load',
      value: outcomes.filter(underLoad).length,
      unit: 'requests',
      against: 'every caller of the token let through before, and asking again after',
      limit: atLeast(load.trials),
    },
  ]
}

const trials = async (
  housing: Housing,
  call: Caller,
  { trials: wanted, longestMilliseconds, perToken }: RevocationLoad,
): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = []
  const end = performance.now() + longestMilliseconds
  while (outcomes.length < wanted && performance.now() < end) {
    const ahead = [...(await times(ISSUED_AHEAD, CALLERS, () => housing.issue()))]
    await housing.world.settled()
    await times(ISSUED_AHEAD, CALLERS / perToken, async () => {
      const issued = ahead.pop()
      if (issued && performance.now() < end) outcomes.push(await trial(housing, call, issued, perToken))
    })
  }
  return outcomes
}

const trial = async (
  housing: Housing,
  call: Caller,
  { id, token }: Issued,
  callersOfIt: number,
): Promise<Outcome> => {
  let [acknowledged, givenUp] = [false, false]
  let [before, after, accepted, failed, warm] = [0, 0, 0, 0, 0]
  const allWarm = Promise.withResolvers<void>()
  const acknowledgement = Promise.withResolvers<void>()
  const caller = async () => {
    for (let through = false; !givenUp; ) {
      const late = acknowledged // at the moment the call begins
      const status = await call(TENANCY, token)
      if (late && status < 500) {
        after += 1
        accepted += Number(status !== 401)
        return
      }
      failed += Number(late) // not let through, but that proves nothing: it asks again
      if (failed > MOST_FAILURES) return
      if (status !== 200) {
        // Committed already: what is left is to ask again, the moment it is acknowledged.
        if (status === 401 && through) await acknowledgement.promise
        else await setTimeout(BREATH_MILLISECONDS * Math.random())
        continue
      }
      before += 1
      if (!through && ++warm === callersOfIt) allWarm.resolve()
      through = true
    }
  }
  const callers = Promise.all(Array.from({ length: callersOfIt }, caller))
  const cold = setTimeout(WARM_MILLISECONDS, 'cold' as const, { ref: false })
  givenUp = (await Promise.race([allWarm.promise, callers, cold])) === 'cold' // not tried, and so not counted
  await housing.revoke(id)
  acknowledged = true
  acknowledgement.resolve()
  await callers
  return { before, after, accepted, failed }
}
