import { type ChildProcess, spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import type { Step } from '@countersign/local'

/** Where the platform can die: between any two effects of the pipeline, and of a rotation. */
export type CrashPoint = Step | 'staged' | 'promoted'

export const CRASH_POINTS = [
  'committed',
  'read-stream',
  'published',
  'moved-on',
  'received',
  'handled',
  'deleted',
  'staged',
  'promoted',
] as const satisfies readonly CrashPoint[]

export type ToChild =
  | { readonly do: 'start' }
  /** No point: from here on it lives. */
  | { readonly do: 'arm'; readonly point: CrashPoint | ''; readonly times: number }
  | { readonly do: 'compare' }
  /** The API Hub publishes an API of this name. */
  | { readonly do: 'publish'; readonly name: string }

export type FromChild =
  | { readonly says: 'loaded' | 'armed' | 'published' }
  | {
      readonly says: 'ready'
      readonly api: string
      readonly gateway: string
      readonly credentialFile: string
    }
  /** Rows of the live read model, and the keys of those that a rebuild has otherwise. */
  | { readonly says: 'compared'; readonly rows: number; readonly differing: readonly string[] }

type Said<K extends FromChild['says']> = Extract<FromChild, { readonly says: K }>

/** A platform in a process of its own that is going to be killed. */
export interface Doomed {
  /** Resolves when the process is gone; the signal that ended it. */
  readonly death: Promise<string>
  /** What it says to a message; undefined when it died before it could. */
  ask<K extends FromChild['says']>(message: ToChild, answer: K): Promise<Said<K> | undefined>
  kill(): void
}

const PROGRAM = join(import.meta.dirname, 'crashing-platform.ts')

/** Loads the program and waits: modules are read while the platform before it still lives. */
export const spawnDoomed = (data: string, point: CrashPoint | '' = '', times = 1): Doomed => {
  const child = spawn(process.execPath, [PROGRAM, data, point, String(times)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // What a test runner sets for itself is not for its children.
    env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: join(dirname(data), 'compile-cache') },
  })
  const death = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit ${code}`))
  })
  const loaded = heard(child, death, 'loaded')
  return {
    death,
    kill: () => child.kill('SIGKILL'),
    ask: async (message, answer) => {
      if (!(await loaded)) return undefined
      const said = heard(child, death, answer)
      child.send(message, () => {}) // a process that died meanwhile says so by its death
      return said
    },
  }
}

const heard = <K extends FromChild['says']>(
  child: ChildProcess,
  death: Promise<string>,
  answer: K,
): Promise<Said<K> | undefined> => {
  const said = new Promise<Said<K>>((resolve) => {
    const listen = (message: FromChild) => {
      if (message.says !== answer) return
      child.off('message', listen)
      resolve(message as Said<K>)
    }
    child.on('message', listen)
  })
  return Promise.race([said, death.then(() => undefined)])
}
