import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { alone } from '../support/alone.ts'
import type { Kept } from './emulator.ts'
import type { Installation } from './installation.ts'

/** The variable that names the folder of a run's installation: files of one run share one, and each changes a copy of its own. */
export const KEPT_FOLDER = 'COUNTERSIGN_TEST_INSTALLATION'

const LIMIT_MILLISECONDS = 400_000

export interface KeptInstallation extends Kept {
  readonly installation: Installation
}

export const writtenTo = (folder: string): string => join(folder, 'installation.json')

/** The installation of this run, made by whoever asks first; undefined: there is no run, and everybody makes one. */
export const keptInstallation = async (): Promise<KeptInstallation | undefined> => {
  const folder = process.env[KEPT_FOLDER]
  if (folder === undefined) return undefined
  const file = writtenTo(folder)
  await alone(`${folder}.lock`, async () => {
    if (!existsSync(file)) await make(folder)
  })
  return JSON.parse(await readFile(file, 'utf8')) as KeptInstallation
}

/** In a process of its own: one that has spoken to an AWS stays with it. */
const make = async (folder: string): Promise<void> => {
  const program = join(import.meta.dirname, 'keep.ts')
  const { [KEPT_FOLDER]: _, ...env } = process.env
  await promisify(execFile)(process.execPath, [program, folder], { env, timeout: LIMIT_MILLISECONDS }).catch(
    (error: Error & { readonly stderr?: string }) => {
      throw new Error(error.stderr?.trim() || error.message, { cause: error })
    },
  )
}
