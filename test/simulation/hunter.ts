import { setImmediate } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import type { Heard } from './hunt.ts'
import { operationsOf } from './operations.ts'
import { play } from './run.ts'

/* A thread that plays every n-th seed until one fails, here or elsewhere. */
const { first, end, every, steps } = workerData as Readonly<
  Record<'first' | 'end' | 'every' | 'steps', number>
>
const tell = (message: Heard) => parentPort?.postMessage(message)

let stopped = false
parentPort?.once('message', () => {
  stopped = true
})

let played = 0
for (let seed = first; seed < end && !stopped; seed += every) {
  const found = await play(seed, operationsOf(seed, steps))
  played += 1
  if (found) tell({ says: 'failed', seed, found })
  stopped ||= found !== undefined
  await setImmediate()
}
tell({ says: 'done', played })
