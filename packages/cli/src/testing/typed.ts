import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExitCode } from '../command.ts'
import { run } from '../run.ts'
import type { Terminal } from '../terminal.ts'

export const OPERATOR_TOKEN = 'the-operators-token'
export const NOW = new Date('2026-03-01T12:00:00Z')

export interface Typed {
  readonly code: ExitCode
  readonly out: string
  readonly error: string
}

export interface Folder extends AsyncDisposable {
  readonly path: string
  /** Writes a file and says where it is. */
  file(name: string, text: string): Promise<string>
}

export const temporaryFolder = async (): Promise<Folder> => {
  const path = await mkdtemp(join(tmpdir(), 'countersign-'))
  return {
    path,
    file: async (name, text) => {
      await writeFile(join(path, name), text)
      return join(path, name)
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

/** What a person sees who types this, with an operator's credential and `url` as the endpoint. */
export const type = async (
  url: string,
  argv: readonly string[],
  more: Partial<Pick<Terminal, 'environment' | 'interactive'>> & { readonly input?: string } = {},
): Promise<Typed> => {
  await using folder = await temporaryFolder()
  const credential = await folder.file('operator.token', `${OPERATOR_TOKEN}\n`)
  const out: Uint8Array[] = []
  let error = ''
  const code = await run(argv, {
    out: (chunk) => void out.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk),
    error: (text) => {
      error += text
    },
    input: async () => more.input ?? '',
    interactive: more.interactive ?? false,
    environment: { COUNTERSIGN_ENDPOINT: url, COUNTERSIGN_CREDENTIAL: credential, ...more.environment },
    now: () => NOW,
  })
  return { code, out: Buffer.concat(out).toString(), error }
}
