import { createHmac, createSecretKey } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { make } from '@countersign/functions/authorizer/authorize'
import { processServices } from '@countersign/functions/runtime/process-services'
import type { Figure } from './figure.ts'
import { interleaved, median, samples } from './measure.ts'
import { ISSUER, type Subject, subjectOf } from './subject.ts'

/** How much a token opens: so many routes of one API, and one route of it beside so many other APIs. */
const COUNTS = [1, 10, 100, 1_000] as const
const ALLOCATING_ROUNDS = 40
/** Few enough that nothing is collected meanwhile. */
const DECISIONS_A_ROUND = 50

/** Whole decisions in process, of tokens that open more and more: their time, what they allocate, and the policy they answer with. */
export const grants = async (): Promise<readonly Figure[]> => {
  const figures: Figure[] = []
  for (const count of COUNTS)
    figures.push(...(await figuresOf(`${count} routes`, count, subjectOf(count, count))))
  for (const count of COUNTS)
    figures.push(...(await figuresOf(`${count} APIs`, 1, subjectOf(1, 1, count - 1))))
  return figures
}

const figuresOf = async (granted: string, routes: number, subject: Subject): Promise<readonly Figure[]> => {
  const settings = { issuer: ISSUER, ringRefreshSeconds: 3_600 }
  const authorize = make({
    ...{ ...processServices, clock: () => subject.now, log: () => {}, settings },
    ...{ accessRows: subject.accessRows, keyRing: subject.ringReader },
    consumerKeyRings: () => ({ current: async () => undefined }),
  })
  const decide = () => authorize(subject.event)
  const { policyDocument } = await decide()
  const key = createSecretKey(subject.secret)
  const signed = subject.token.slice(0, subject.token.lastIndexOf('.'))
  const bare = () => createHmac('sha512', key).update(signed).digest()
  const times = await interleaved({ whole: decide, bare }, { rounds: 120, batch: 50, warmUp: 3_000 })
  const ratio = median(times.whole) / median(times.bare)
  const allocated = await allocatedBytes(decide)
  const resources = policyDocument.Statement.flatMap((one) =>
    'Resource' in one ? [one.Resource].flat() : [],
  )
  const bytes = Buffer.byteLength(JSON.stringify(policyDocument))
  return [
    {
      name: `granted, ${granted}: whole decision`,
      value: median(times.whole),
      unit: 'µs',
      against: `warm; a bare HMAC by turns ${median(times.bare).toFixed(1)} µs`,
      ratio,
    },
    {
      name: `granted, ${granted}: allocated`,
      value: allocated / 1_000,
      unit: 'kB',
      against: 'for one decision, warm',
      ratio: allocated / 1_000,
    },
    {
      name: `granted, ${granted}: policy`,
      value: bytes,
      unit: 'B',
      against:
        resources.length < routes
          ? 'falls back to the route that was asked for: all would be too large'
          : `${resources.length} resources`,
      ratio: bytes / 1_000,
    },
  ]
}

const allocatedBytes = async (work: () => Promise<unknown>): Promise<number> => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const rounds: number[] = []
  for (let round = 0; round < ALLOCATING_ROUNDS; round++) {
    collect()
    const before = process.memoryUsage().heapUsed
    for (let decision = 0; decision < DECISIONS_A_ROUND; decision++) await work()
    rounds.push((process.memoryUsage().heapUsed - before) / DECISIONS_A_ROUND)
  }
  return median(samples(rounds))
}
