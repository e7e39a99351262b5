import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@countersign/client'
import { Redacted } from '@countersign/client/redacted'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { only } from '../support/only.ts'
import { done } from '../support/world.ts'
import { ROOT } from './given.ts'

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly error: string
}

interface Started {
  readonly child: ChildProcess
  /** The first line on stdout, or nothing when it ended without one. */
  readonly line: Promise<string | undefined>
  /** All it says of itself when it is ready, for people. */
  readonly banner: Promise<string>
  readonly ended: Promise<Ended>
}

const main = join(ROOT, 'packages/local/src/main.ts')
const running = new Set<Started>()

/** The command as `pnpm start` runs it, with its own process. */
const start = (argv: readonly string[]): Started => {
  const child = spawn(process.execPath, [main, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, error] = ['', '']
  const until = (text: string) =>
    new Promise<string | undefined>((resolve) => {
      child.stdout.on('data', () => out.includes(text) && resolve(out.slice(0, out.indexOf(text))))
      child.stdout.on('end', () => resolve(undefined))
    })
  child.stdout.on('data', (chunk) => {
    out += String(chunk)
  })
  const line = until('\n')
  const banner = until('Ctrl-C').then((text = '') => text)
  child.stderr.on('data', (chunk) => {
    error += String(chunk)
  })
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, out, error }))
  })
  const started = { child, line, banner, ended }
  running.add(started)
  return started
}

const stop = async ({ child, ended }: Started, signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> => {
  child.kill(signal)
  return ended
}

interface Ready {
  readonly api: string
  readonly gateway: string
  readonly credential: string
}

const ready = async (started: Started): Promise<Ready> => {
  const line = await started.line
  if (line === undefined) throw new Error(`it did not start: ${(await started.ended).error}`)
  return JSON.parse(line) as Ready
}

const clientAt = ({ api, credential }: Ready) =>
  createClient({ endpoint: api, credential: new Redacted(readFileSync(credential, 'utf8')) })

const taken = (): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => resolve(server))
  })

const startsHere = () => {
  let data = ''
  const here = () => ['--port', '0', '--gateway-port', '0', '--data', data]
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'countersign-start-'))
  })
  afterEach(async () => {
    for (const started of running) await stop(started, 'SIGKILL')
    running.clear()
    rmSync(data, { recursive: true, force: true })
  })

  it('--json prints one line when it is ready, and nothing else on stdout or stderr', async () => {
    const started = start([...here(), '--json'])
    const told = await ready(started)
    expect(Object.keys(told)).toEqual(['api', 'gateway', 'signIn', 'credential', 'awsCredentials'])
    expect((await fetch(`${told.api}/health`)).status).toBe(200)
    const { code, out, error } = await stop(started)
    expect({ code, error }).toEqual({ code: 0, error: '' })
    expect(out).toBe(`${JSON.stringify(told)}\n`)
  })

  it('puts the bearer token, and nothing else, into a file that only its owner reads', async () => {
    const told = await ready(start([...here(), '--json']))
    expect(statSync(told.credential).mode & 0o777).toBe(0o600)
    expect(readFileSync(told.credential, 'utf8')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
    expect(done(await clientAt(told).apis.list()).items).toMatchObject([{ name: 'countersign' }])
  })

  it('finds everything again after a restart, and keeps the credential', async () => {
    const first = start([...here(), '--json'])
    const before = await ready(first)
    const { id } = done(
      await clientAt(before).consumers.register({ name: 'Kept', type: 'service', owner: 'me' }),
    )
    const token = readFileSync(before.credential, 'utf8')
    await stop(first)
    const again = await ready(start([...here(), '--json']))
    expect(done(await clientAt(again).consumers.show(id)).name).toBe('Kept')
    expect(readFileSync(again.credential, 'utf8')).toBe(token)
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('stops cleanly on %s', async (signal) => {
    const started = start(here())
    expect(await started.banner).toContain('HTTP API')
    expect(await stop(started, signal)).toMatchObject({ code: 0, signal: null, error: '' })
  })

  it('never prints the token, whatever is called', async () => {
    const started = start(here())
    const banner = await started.banner
    const [api = '', gateway = ''] = banner.match(/http:\/\/127\.0\.0\.1:\d+/g) ?? []
    const token = readFileSync(join(data, 'operator.token'), 'utf8')
    const authorization = `Bearer ${token}`
    await fetch(`${api}/consumers`, { headers: { authorization } })
    await fetch(`${api}/consumers`, { headers: { authorization: `Bearer ${token}x` } })
    await fetch(`${gateway}/abc123/staging/x?access_token=${token}`, { headers: { authorization } })
    const { code, out, error } = await stop(started)
    expect(code).toBe(0)
    expect(out).toContain('GET    /abc123/staging/x')
    for (const part of token.split('.')) expect(out + error).not.toContain(part)
  })

  describe('that cannot start says why in one line, with the remedy', () => {
    const refused = async (argv: readonly string[], code = 1): Promise<string> => {
      const { code: actual, out, error } = await start([...argv, '--json']).ended
      expect({ code: actual, out }).toEqual({ code, out: '' })
      expect(error).toMatch(/^countersign: [^\n]+\n$/)
      expect(error).not.toMatch(/\bat .*:\d+:\d+/)
      return error
    }

    it.each(['--port', '--gateway-port'])('a taken %s', async (option) => {
      const server = await taken()
      const { port } = server.address() as AddressInfo
      const error = await refused([...here(), option, String(port)])
      server.close()
      expect(error).toContain(`port ${port} is taken`)
      expect(error).toContain(`${option} N`)
    })

    it('a file where the folder should be', async () => {
      const file = join(data, 'file')
      writeFileSync(file, '')
      const error = await refused(['--port', '0', '--gateway-port', '0', '--data', file])
      expect(error).toContain('--data DIR')
    })

    it('a damaged file', async () => {
      writeFileSync(
        join(data, 'countersign.sqlite'),
        'this is no database, however long one looks at it'.repeat(99),
      )
      expect(await refused(here())).toMatch(/cannot be read .*; restore it from a backup, or move it away/)
    })

    it('a file that was cut short', async () => {
      const first = start([...here(), '--json'])
      await ready(first)
      await stop(first)
      const file = join(data, 'countersign.sqlite')
      const whole = readFileSync(file)
      writeFileSync(file, Buffer.concat([whole.subarray(0, 8_192), Buffer.alloc(whole.length - 8_192, 7)]))
      expect(await refused(here())).toContain('restore it from a backup')
    })

    it('a second process on one folder, which leaves the first alone', async () => {
      const told = await ready(start([...here(), '--json']))
      expect(await refused(here())).toContain('another platform runs on')
      expect((await fetch(`${told.api}/health`)).status).toBe(200)
    })

    it.each(['nonsense', 'https://example.org', ''])('"%s" as an upstream: wrong usage', async (upstream) => {
      const error = await refused([...here(), `--upstream=${upstream}`], 2)
      expect(error).toContain('--upstream takes a URL such as')
    })

    it.each(['eighty', '-1', '65536', '8787.5', ''])('"%s" as a port: wrong usage', async (port) => {
      expect(await refused(['--data', data, `--port=${port}`], 2)).toContain(
        '--port takes a number from 0 to 65535',
      )
    })

    it('an option that does not exist: wrong usage', async () => {
      expect(await refused(['--prot', '80'], 2)).toContain('--prot')
    })
  })
}

only('local', 'it is the program that runs the platform on one machine', 'pnpm start', () =>
  describe('pnpm start', startsHere),
)
