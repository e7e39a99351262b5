import { execFile, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, open, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { CACHE, INSTALL_MILLISECONDS, installOnce } from './installed.ts'
import { answering, freePort, type Owned, owned } from './owned.ts'

const execute = promisify(execFile)

export const EMULATOR = 'ministack==1.5.33'
export const REGION = 'eu-west-2'
/** Account of everything in the emulator: the one that the examples name. */
export const ACCOUNT = '111111111111'

const ENVIRONMENT = join(CACHE, EMULATOR.replace('==', '-'))
const PROGRAM = join(ENVIRONMENT, 'bin/ministack')

export interface Emulator {
  readonly endpoint: string
  /** Its own; it goes with the emulator. */
  readonly folder: string
  /** Ends it and all that it started. */
  stop(): Promise<void>
  /** Ends it and all that it started, and starts it again at the same address with its state. */
  restart(): Promise<void>
  /** Ends it and all that it started, and keeps its state in a folder for others to start from. */
  keep(folder: string): Promise<Kept>
}

/** The state of an emulator that has ended, and the address that it speaks of. */
export interface Kept {
  readonly state: string
  readonly endpoint: string
}

export interface EmulatorOptions {
  /** Roles and policies are enforced for the functions. */
  readonly enforceIam?: boolean
  readonly port?: number
  /** What it starts from; nothing, unless given. */
  readonly from?: Kept
}

/** A Python that can run the emulator; undefined: there is none here. */
export const findPython = async (): Promise<string | undefined> => {
  const check = 'import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 10) else 1)'
  for (const name of ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python']) {
    const found = await execute(name, ['-c', check], { timeout: 20_000 }).then(
      () => true,
      () => false,
    )
    if (found) return name
  }
  return undefined
}

export const NO_PYTHON = 'no Python 3.10 or later with venv: the suites of the AWS side cannot run'

/** Its own Python environment, once per version. */
export const installEmulator = (): Promise<void> =>
  installOnce(EMULATOR, ENVIRONMENT, PROGRAM, async () => {
    const python = await findPython()
    if (!python) throw new Error(NO_PYTHON)
    await execute(python, ['-m', 'venv', ENVIRONMENT], { timeout: INSTALL_MILLISECONDS })
    const pip = join(ENVIRONMENT, 'bin/pip')
    await execute(pip, ['install', '--quiet', '--disable-pip-version-check', EMULATOR], {
      timeout: INSTALL_MILLISECONDS,
    })
  })

/** A private emulator on loopback. It ends with this process, however that ends by a signal. */
export const startEmulator = async (options: EmulatorOptions = {}): Promise<Emulator> => {
  await installEmulator()
  const folder = await mkdtemp(join(tmpdir(), 'countersign-emulator-'))
  const port = options.port ?? (await freePort())
  const endpoint = `http://127.0.0.1:${port}`
  await prepare(folder)
  if (options.from) await move(options.from, join(folder, 'state'), endpoint)
  const start = () => run(folder, endpoint, environmentOf(folder, port, options))
  let running = await start()
  return {
    endpoint,
    folder,
    stop: () => running.stop(),
    restart: async () => {
      await running.finish()
      running = await start()
    },
    keep: async (kept) => {
      await running.finish()
      await cp(join(folder, 'state'), kept, { recursive: true })
      return { state: kept, endpoint }
    },
  }
}

const run = async (
  folder: string,
  endpoint: string,
  env: Readonly<Record<string, string>>,
): Promise<Owned> => {
  const logFile = join(folder, 'emulator.log')
  const log = await open(logFile, 'a')
  const child = spawn(PROGRAM, [], { detached: true, stdio: ['ignore', log.fd, log.fd], env })
  await log.close()
  const running = owned(child, folder)
  try {
    await answering(child, async () => (await fetch(`${endpoint}/_ministack/health`)).ok)
  } catch (cause) {
    const said = await readFile(logFile, 'utf8').catch(() => '')
    await running.stop()
    throw new Error(`the emulator did not start: ${said.slice(-2_000)}`, { cause })
  }
  return running
}

/** Its Node workers are CommonJS: no `package.json` above them may say otherwise. */
const prepare = async (folder: string): Promise<void> => {
  await mkdir(join(folder, 'tmp'), { recursive: true })
  await mkdir(join(folder, 'state'), { recursive: true })
  await writeFile(join(folder, 'tmp/package.json'), '{}')
}

/** What was kept speaks of the address where it was made: of queues, above all. */
const move = async ({ state, endpoint: was }: Kept, folder: string, endpoint: string): Promise<void> => {
  await cp(state, folder, { recursive: true })
  const files = (await readdir(folder))
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(folder, name))
  for (const file of files) {
    const text = await readFile(file, 'utf8')
    if (text.includes(was)) await writeFile(file, text.replaceAll(was, endpoint))
  }
}

/** All of it reaches the functions too, so it holds nothing of this process's but the way to Node. */
const environmentOf = (folder: string, port: number, { enforceIam = false }: EmulatorOptions) => ({
  PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
  HOME: folder,
  TMPDIR: join(folder, 'tmp'),
  STATE_DIR: join(folder, 'state'),
  S3_DATA_DIR: join(folder, 's3'),
  GATEWAY_PORT: String(port),
  BIND_HOST: '127.0.0.1',
  MINISTACK_HOST: '127.0.0.1',
  MINISTACK_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
  MINISTACK_ACCOUNT_ID: ACCOUNT,
  SFTP_ENABLED: '0',
  IOT_MTLS_ENABLED: '0',
  LOG_LEVEL: 'WARNING',
  PERSIST_STATE: '1',
  S3_PERSIST: '1',
  ...(enforceIam && { AUTH: 'true' }),
})
