import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type Id, isId, type Redacted } from '@countersign/core/shared'

/** Readable by its owner alone from the first byte; replaced in one step. */
export const writeCredential = (file: string, credential: Redacted<string>): void => {
  const draft = `${file}.new`
  rmSync(draft, { force: true })
  // `wx`: what others put there meanwhile, a link for one, is not written through, nor does it keep its own mode.
  writeFileSync(draft, credential.reveal(), { mode: 0o600, flag: 'wx' })
  renameSync(draft, file)
}

/** Which token a file holds, where it holds one; whether that token is good is asked of the ledger. */
export const readTokenId = (file: string): Id<'token'> | undefined => {
  try {
    const payload = Buffer.from(readFileSync(file, 'utf8').split('.')[1] ?? '', 'base64url').toString()
    const { jti } = JSON.parse(payload) as { readonly jti?: unknown }
    return isId('token', jti) ? jti : undefined
  } catch {
    return undefined
  }
}
