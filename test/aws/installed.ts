import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { alone } from '../support/alone.ts'

/** Where what is installed for the tests stays: with the dependencies, and out of every commit. */
export const CACHE = join(import.meta.dirname, '../../node_modules/.cache/countersign')

export const INSTALL_MILLISECONDS = 180_000

const isThere = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined)) !== undefined

/** Fills a folder of the cache, once: one process does it and others wait; what did not become whole is gone again. */
export const installOnce = async (
  what: string,
  folder: string,
  whole: string,
  install: () => Promise<void>,
): Promise<void> => {
  if (await isThere(whole)) return
  await alone(`${folder}.lock`, async () => {
    if (await isThere(whole)) return
    try {
      await rm(folder, { recursive: true, force: true })
      await install()
    } catch (cause) {
      await rm(folder, { recursive: true, force: true })
      throw new Error(`${what} could not be installed`, { cause })
    }
  })
}
