import { accessSync, chmodSync, constants, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Database, openDatabase } from '../store/database.ts'
import { StartFailure } from './failure.ts'

export interface DataFolder {
  readonly database: Database
  readonly credentialFile: string
  /** For `iam` routes of the gateway emulation. */
  readonly awsCredentialsFile: string
  close(): void
}

/** Opens the folder that holds everything, and keeps every other platform out of it. Throws `StartFailure`. */
export const openDataFolder = (folder: string): DataFolder => {
  makeFolder(folder)
  const release = lock(folder)
  try {
    const database = openFile(join(folder, 'countersign.sqlite'))
    const close = () => {
      database.close()
      release()
    }
    return {
      database,
      credentialFile: join(folder, 'operator.token'),
      awsCredentialsFile: join(folder, 'aws-credentials'),
      close,
    }
  } catch (error) {
    release()
    throw error
  }
}

const makeFolder = (folder: string): void => {
  try {
    const isNew = !existsSync(folder)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (isNew) chmodSync(folder, 0o700)
    accessSync(folder, constants.W_OK)
  } catch (error) {
    const why = `${folder} is not a folder that can be written to; choose another with --data DIR`
    throw new StartFailure(why, error)
  }
}

/** A lock that dies with the process, however it dies: an exclusive transaction on a file of its own. */
const lock = (folder: string): (() => void) => {
  const file = join(folder, 'lock.sqlite')
  let held: DatabaseSync | undefined
  try {
    held = new DatabaseSync(file)
    // A journal in memory leaves nothing beside the file; an empty transaction has nothing to roll back to.
    held.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    chmodSync(file, 0o600)
    return () => held?.close()
  } catch (error) {
    held?.close()
    const why = String(error).includes('locked')
      ? `another platform runs on ${folder}; stop it, or choose another folder with --data DIR`
      : `${file} cannot be used; remove it and start again, or choose another folder with --data DIR`
    throw new StartFailure(why, error)
  }
}

const openFile = (file: string): Database => {
  try {
    const database = openDatabase(file)
    const found = String(database.get('PRAGMA quick_check')?.quick_check)
    if (found === 'ok') return database
    database.close()
    throw new Error(found)
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    const remedy = 'restore it from a backup, or move it away to begin anew'
    throw new StartFailure(`${file} cannot be read (${why}); ${remedy}`, error)
  }
}
