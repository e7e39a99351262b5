import { randomBytes } from 'node:crypto'
import { idFrom } from '@countersign/core/shared'
import type { Services } from './services.ts'

/** What the process itself gives, the same for every function. A log line is one line of JSON on stdout. */
export const processServices: Pick<Services, 'clock' | 'newId' | 'randomBytes' | 'log'> = {
  clock: () => new Date(),
  newId: (kind) => idFrom(kind, randomBytes(16)),
  randomBytes: (count) => randomBytes(count),
  log: (line) => {
    process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...line })}\n`)
  },
}
