import { statSync } from 'node:fs'
import { Unavailable } from '@countersign/core/shared'

/** SQLite's primary result codes for what is neither the caller's fault nor ours (sqlite.org/rescode.html). */
const WEATHER: Readonly<Record<number, string>> = {
  5: 'is locked by another process',
  8: 'cannot be written to',
  10: 'cannot be read or written: the disk failed',
  11: 'is damaged',
  13: 'cannot grow: the disk is full',
  14: 'cannot be opened',
  26: 'is damaged',
}

/** Does work on the file; what SQLite says of the file itself is thrown as `Unavailable`, with what to do about it. */
export const onFile = <T>(path: string, work: () => T): T => {
  try {
    return work()
  } catch (error) {
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
    const why = WEATHER[code]
    throw why === undefined
      ? error
      : new Unavailable(`${path} ${why}`, { cause: error, plainly: `the store ${why}` })
  }
}

/**
 * Throws when the file at the path is not the one that was opened: what is written into a file that was moved away or
 * removed is acknowledged, and gone with the process.
 */
export const guardOf = (path: string): (() => void) => {
  if (path === ':memory:') return () => {}
  const opened = statSync(path)
  return () => {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found?.ino !== opened.ino || found.dev !== opened.dev)
      throw new Unavailable(`${path} was moved away or replaced; start the platform again`, {
        plainly: 'the store was moved away or replaced',
      })
  }
}
