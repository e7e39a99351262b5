import { make } from '@countersign/functions/authorizer/authorize'
import { processServices } from '@countersign/functions/runtime/process-services'
import { type Bench, exactly } from './figure.ts'
import { ISSUER, inMemory, subjectOf } from './subject.ts'

const DECISIONS = 1_000

/** What a warm authorizer asks its stores for, counted over many decisions. */
export const reads: Bench = async () => {
  const subject = subjectOf(20, 5)
  let [rowReads, rows, ringReads] = [0, 0, 0]
  const accessRows = inMemory(subject.rows, (keys) => {
    rowReads += 1
    rows += new Set(keys).size
  })
  const keyRing = {
    current: () => {
      ringReads += 1
      return subject.ringReader.current()
    },
  }
  const settings = { issuer: ISSUER, ringRefreshSeconds: 3_600 }
  const authorize = make({
    ...processServices,
    clock: () => subject.now,
    log: () => {},
    settings,
    accessRows,
    keyRing,
    consumerKeyRings: () => ({ current: async () => undefined }),
  })
  await authorize(subject.event)
  ;[rowReads, rows, ringReads] = [0, 0, 0]
  for (let decision = 0; decision < DECISIONS; decision++) await authorize(subject.event)
  const against = `${DECISIONS} decisions of a warm authorizer`
  return [
    {
      name: 'reads per authorization',
      value: (rowReads + ringReads) / DECISIONS,
      unit: 'reads',
      against,
      limit: exactly(1),
    },
    { name: 'rows per read', value: rows / rowReads, unit: 'rows', against, limit: exactly(3) },
  ]
}
