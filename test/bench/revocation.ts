import { done } from '../support/world.ts'
import { atLeast, type Bench, exactly, type Figure } from './figure.ts'
import { type Caller, callerOf, type Housing, type Issued, startHousing, TENANCY } from './housing.ts'
import { times } from './measure.ts'

const CALLERS = 8
const WARM_MILLISECONDS = 30_000

export interface RevocationLoad {
  readonly trials: number
  /** However many trials were made by then, no other begins. */
  readonly longestMilliseconds: number
  /** Tokens issued before their trials. */
  readonly issuedAhead: number
  /** Callers that ask again with the revoked token; the others go on with one that stays. */
  readonly asking: number
}

interface Outcome {
  readonly before: number
  readonly after: number
  readonly accepted: number
  /** Answered with 5xx: not let through, and not told why. */
  readonly failed: number
}

/** Eight callers keep calling with one token; the moment its revocation is acknowledged, no new call may get through. */
export const revocation: Bench = async () => {
  const housing = await startHousing()
  try {
    const load = { trials: 1_000, longestMilliseconds: 75_000, issuedAhead: 50, asking: CALLERS }
    return await revocationOf(housing, load)
  } finally {
    await housing.world.stop()
  }
}

export const revocationOf = async (housing: Housing, load: RevocationLoad): Promise<readonly Figure[]> => {
  const { call, close } = callerOf(housing.world.gateway, CALLERS)
  const outcomes = await trials(housing, call, load).finally(close)
  const sum = (count: keyof Outcome) => outcomes.reduce((total, outcome) => total + outcome[count], 0)
  const underLoad = ({ before, after }: Outcome) => before >= CALLERS && after >= load.asking
  return [
    {
      name: 'accepted after an acknowledged revocation',
      value: sum('accepted'),
      unit: 'requests',
      against: `${outcomes.length} revocations, ${CALLERS} callers at once: ${sum('before')} accepted before, ${sum('after')} asked after, ${sum('failed')} of them failed closed`,
      limit: exactly(0),
    },
    {
      name: 'revocations tried under load',
      value: outcomes.filter(underLoad).length,
      unit: 'requests',
      against: `every caller let through before, and ${load.asking} asking again after`,
      limit: atLeast(load.trials),
    },
  ]
}

const trials = async (housing: Housing, call: Caller, load: RevocationLoad): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = []
  const steady = await housing.issue()
  const end = performance.now() + load.longestMilliseconds
  while (outcomes.length < load.trials && performance.now() < end) {
    const ahead = await times(load.issuedAhead, CALLERS, () => housing.issue())
    await housing.world.settled()
    for (const issued of ahead) {
      if (outcomes.length < load.trials && performance.now() < end)
        outcomes.push(await trial(housing, call, issued, steady, load.asking))
    }
  }
  return outcomes
}

const trial = async (
  { world }: Housing,
  call: Caller,
  { id, token }: Issued,
  steady: Issued,
  asking: number,
): Promise<Outcome> => {
  let acknowledged = false
  let [before, after, accepted, failed, warm] = [0, 0, 0, 0, 0]
  const allWarm = Promise.withResolvers<void>()
  const caller = async (number: number) => {
    for (let through = false; ; ) {
      const late = acknowledged // at the moment the call begins
      if (late && number >= asking) return
      const status = await call(TENANCY, through && number >= asking ? steady.token : token)
      if (late) {
        after += 1
        failed += Number(status >= 500)
        accepted += Number(status < 500 && status !== 401)
        return
      }
      if (status !== 200) continue
      before += 1
      if (!through && ++warm === CALLERS) allWarm.resolve()
      through = true
    }
  }
  const callers = Promise.all(Array.from({ length: CALLERS }, (_, number) => caller(number)))
  const cold = setTimeout(allWarm.reject, WARM_MILLISECONDS, new Error('not every caller was let through'))
  await Promise.race([allWarm.promise, callers]).finally(() => clearTimeout(cold))
  done(await world.client.tokens.revoke(id, { reason: 'compromised' }))
  acknowledged = true
  await callers
  return { before, after, accepted, failed }
}
