import { text } from 'node:stream/consumers'
import type { Terminal } from './terminal.ts'

/** The terminal of this process. A reader that goes away (`| head -1`) ends it quietly. */
export const processTerminal = (): Terminal => {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
  return {
    out: (chunk) => void process.stdout.write(chunk),
    error: (line) => void process.stderr.write(line),
    input: () => text(process.stdin),
    interactive: process.stdout.isTTY,
    environment: process.env,
    now: () => new Date(),
  }
}
