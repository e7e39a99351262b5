import { readFileSync } from 'node:fs'
import { Session, type SignInConfiguration } from '@countersign/core/session'
import { Redacted } from '@countersign/core/shared'
import { StartFailure } from './failure.ts'
import type { PlatformOptions } from './platform.ts'

export interface SignInFlags {
  /** What `COUNTERSIGN_SIGN_IN` says. */
  readonly text?: string | undefined
  /** A file that says it instead. */
  readonly file?: string | undefined
  /** A service account's key, where groups come from Google's directory. */
  readonly serviceAccountFile?: string | undefined
}

/** Who vouches for people beside this machine's own provider. Throws `StartFailure` with all that is wrong with it. */
export const signInGiven = ({
  text,
  file,
  serviceAccountFile,
}: SignInFlags): Pick<PlatformOptions, 'signInConfiguration' | 'serviceAccount'> => {
  const source = file === undefined ? 'COUNTERSIGN_SIGN_IN' : file
  const said = file === undefined ? text : readText(file, '--sign-in')
  const read = Session.readSignIn(said?.trim() || '{}')
  if (!read.ok) throw new StartFailure(`${source} cannot be read: ${read.error}`)
  checkProviders(read.value, source, serviceAccountFile)
  return {
    signInConfiguration: read.value,
    ...(serviceAccountFile !== undefined && { serviceAccount: keyIn(serviceAccountFile) }),
  }
}

/** The name of this machine's own provider: two of one name would make one person of two. */
export const OWN_PROVIDER = 'local'

const checkProviders = (
  { providers }: SignInConfiguration,
  source: string,
  serviceAccountFile: string | undefined,
): void => {
  if (providers.some(({ name }) => name === OWN_PROVIDER))
    throw new StartFailure(`${source}: "${OWN_PROVIDER}" is this machine's own provider; name it otherwise`)
  const google = providers.find(({ groups }) => groups.from === 'google-directory')
  if (google && serviceAccountFile === undefined)
    throw new StartFailure(
      `${source}: the groups of "${google.name}" come from Google's directory; --service-account takes the key that reads it`,
    )
}

/** Read when a token is needed, so that a new key counts without a restart. */
const keyIn = (file: string) => {
  readText(file, '--service-account')
  return async () => new Redacted(readFileSync(file, 'utf8'))
}

const readText = (file: string, option: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new StartFailure(`${option}: ${file} cannot be read`, error)
  }
}
