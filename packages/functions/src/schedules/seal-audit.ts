import { lambda } from '../runtime/lambda.ts'
import { type SealingServices, sealDays } from '../runtime/sealing.ts'

/** Days of one run: after a long time without a run, the next ones go on. */
const MOST_AT_ONCE = 31

/** Seals every day that is over. A day is sealed once; a run that died is gone on with by the next. */
export const make = (services: SealingServices) => () => sealDays(services, MOST_AT_ONCE)

export const handler = lambda(make)
