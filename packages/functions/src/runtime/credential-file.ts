import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { type Id, isId, type Redacted } from '@countersign/core/shared'

/** Readable by its owner alone from the first byte; replaced in one step. */
export const writeCredential = (file: string, credential: Redacted<string>): void => {
  const draft = `${file}.new`
  writeFileSync(draft, credential.reveal(), { mode: 0o600 })
  chmodSync(draft, 0o600)
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
