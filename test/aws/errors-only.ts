import type { Log } from '@countersign/functions/runtime/services'

/** The log of handlers that run in a process of tests, which is nobody's function: what went wrong is all that is read of it. */
export const errorsOnly: Log = (line) => {
  if (line.level === 'error') process.stderr.write(`${JSON.stringify(line)}\n`)
}
