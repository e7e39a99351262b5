import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Found } from './run.ts'

export interface Hunt {
  /** Seeds from the first on, so many. */
  readonly first: number
  readonly seeds: number
  readonly steps: number
}

export type Heard =
  | { readonly says: 'failed'; readonly seed: number; readonly found: Found }
  | { readonly says: 'done'; readonly played: number }

export interface Hunted {
  readonly played: number
  /** Of the smallest seed that failed. */
  readonly failure: { readonly seed: number; readonly found: Found } | undefined
}

/** Plays the seeds in a thread for each core; stops at the first that fails. */
export const hunt = async ({ first, seeds, steps }: Hunt): Promise<Hunted> => {
  const threads = Math.max(1, Math.min(availableParallelism(), seeds))
  const parts = Array.from({ length: threads }, (_, index) => ({
    first: first + index,
    seeds,
    steps,
    every: threads,
  }))
  const workers: Worker[] = []
  const heard = await Promise.all(parts.map((part) => playPart(part, workers, first + seeds)))
  const failures = heard.flatMap(({ failure }) => failure ?? [])
  const [failure] = failures.sort((a, b) => a.seed - b.seed)
  return { played: heard.reduce((sum, { played }) => sum + played, 0), failure }
}

/** A step leaves much behind that is soon forgotten. */
const YOUNG_MEGABYTES = 64

const playPart = (part: object, workers: Worker[], end: number): Promise<Hunted> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./hunter.ts', import.meta.url), {
      workerData: { ...part, end },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    })
    workers.push(worker)
    worker.on('error', reject)
    let failure: Hunted['failure']
    worker.on('message', (message: Heard) => {
      if (message.says === 'failed') {
        failure = { seed: message.seed, found: message.found }
        for (const other of workers) other.postMessage('stop')
      } else {
        void worker.terminate()
        resolve({ played: message.played, failure })
      }
    })
  })
