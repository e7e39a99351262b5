import type { ChildProcess } from 'node:child_process'
import { rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'

const START_MILLISECONDS = 60_000
const STOP_MILLISECONDS = 15_000

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })

/** Waits for a server that was just started; one that has ended never answers. */
export const answering = async (child: ChildProcess, isUp: () => Promise<boolean>): Promise<void> => {
  const end = performance.now() + START_MILLISECONDS
  while (!(await isUp().catch(() => false))) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
    if (performance.now() > end) throw new Error('it does not answer')
    await setTimeout(50)
  }
}

/** Servers of this process that still run, and their folders: a signal or an exit takes them along. */
const running = new Map<ChildProcess, string | undefined>()

const killGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  } catch {
    // The group is gone already.
  }
}

const REMOVAL = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 } as const

process.on('exit', () => {
  for (const [child, folder] of running) {
    killGroup(child, 'SIGKILL')
    if (folder !== undefined) rmSync(folder, REMOVAL)
  }
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    if (running.size > 0) process.exit(1)
  })

export interface Owned {
  /** Ends it and all that it started, at once, and its folder with it. */
  stop(): Promise<void>
  /** Has it end by itself, in its own time; its folder stays. */
  finish(): Promise<void>
}

/** Makes a detached server this process's own. */
export const owned = (child: ChildProcess, folder: string | undefined): Owned => {
  running.set(child, folder)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill = async () => {
    killGroup(child, 'SIGKILL')
    await Promise.race([ended, setTimeout(STOP_MILLISECONDS, undefined, { ref: false })])
    running.delete(child)
  }
  return {
    stop: async () => {
      await kill()
      if (folder !== undefined) await rm(folder, REMOVAL)
    },
    finish: async () => {
      killGroup(child, 'SIGTERM')
      await Promise.race([ended, setTimeout(STOP_MILLISECONDS, undefined, { ref: false })])
      await kill()
    },
  }
}
