import { mkdir, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** Longer than anything takes that is done under a lock: older ones were left by a process that died. */
const DEAD_MILLISECONDS = 900_000

/** One process at a time: test files run side by side. */
export const alone = async <T>(lock: string, work: () => Promise<T>): Promise<T> => {
  await mkdir(dirname(lock), { recursive: true })
  while (!(await taken(lock))) await setTimeout(100)
  try {
    return await work()
  } finally {
    await rm(lock, { recursive: true, force: true })
  }
}

const taken = async (lock: string): Promise<boolean> => {
  const age = Date.now() - ((await stat(lock).catch(() => undefined))?.mtimeMs ?? Date.now())
  if (age > DEAD_MILLISECONDS) await rm(lock, { recursive: true, force: true })
  return mkdir(lock).then(
    () => true,
    () => false,
  )
}
