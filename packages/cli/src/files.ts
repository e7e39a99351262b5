import { type FileHandle, open, readFile, rm } from 'node:fs/promises'
import { Redacted } from '@countersign/client/redacted'
import { WrongUsage } from './command.ts'
import type { Terminal } from './terminal.ts'

/** The text of a file, or of stdin for `-`; throws WrongUsage. */
export const readInput = async (file: string, terminal: Terminal): Promise<string> => {
  if (file === '-') return terminal.input()
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new WrongUsage(`cannot read ${file}${because(cause)}`, { cause })
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'you may not read or write there',
  EISDIR: 'it is a folder',
  EEXIST: 'there is a file of that name already',
  ENOTDIR: 'there is no such folder',
}

const because = (cause: unknown): string => {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const reason = REASONS[code] ?? code
  return reason && `: ${reason}`
}

/** The one token that `text` is, and nothing of it in the error when it is none. */
export const tokenIn = (text: string, where: string): Redacted<string> => {
  const token = text.trim()
  if (!/^[\x21-\x7e]+$/.test(token)) throw new WrongUsage(`${where} does not hold one token and nothing else`)
  return new Redacted(token)
}

/** A new file that only its owner can read. */
export interface NewFile {
  /** Adds to it. */
  write(text: string): Promise<void>
  /** Removes the file when nothing was written. */
  close(): Promise<void>
}

/** Opened before what is to be in it is asked for: a token that cannot be kept would be lost, since it is shown once. */
export const openNewFile = async (file: string): Promise<NewFile> => {
  const handle = await create(file)
  let written = false
  return {
    write: async (text) => {
      await handle.writeFile(text)
      written = true
    },
    close: async () => {
      await handle.close()
      if (!written) await rm(file, { force: true })
    },
  }
}

const create = async (file: string): Promise<FileHandle> => {
  try {
    return await open(file, 'wx', 0o600)
  } catch (cause) {
    throw new WrongUsage(`cannot write ${file}${because(cause)}`, { cause })
  }
}
