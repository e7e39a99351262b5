import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KEPT_FOLDER } from './kept.ts'

/** Before the first file of a run and after the last. */
export default async (): Promise<() => Promise<void>> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-installation-'))
  process.env[KEPT_FOLDER] = folder
  return () => rm(folder, { recursive: true, force: true })
}
