import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPython, NO_PYTHON } from './emulator.ts'
import { KEPT_FOLDER } from './kept.ts'

/** Before the first file of a run and after the last; once, however many projects of it are on an emulator. */
export default async (): Promise<(() => Promise<void>) | undefined> => {
  if (process.env[KEPT_FOLDER] !== undefined) return undefined
  if (!(await findPython())) process.stderr.write(`SKIPPED: ${NO_PYTHON}\n`)
  const folder = await mkdtemp(join(tmpdir(), 'countersign-installation-'))
  process.env[KEPT_FOLDER] = folder
  return () => rm(folder, { recursive: true, force: true })
}
