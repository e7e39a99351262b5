import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CACHE, INSTALL_MILLISECONDS, installOnce } from './installed.ts'
import { answering, freePort, owned } from './owned.ts'

const run = promisify(execFile)

/** Amazon's own DynamoDB for development, as the one npm package that holds it; its dependencies are of no use here. */
const PACKAGE = 'amplify-dynamodb-simulator@2.9.30'
const INTEGRITY =
  'sha512-xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ=='
const FOLDER = join(CACHE, PACKAGE.replace('@', '-'))
const EMULATOR = join(FOLDER, 'package/emulator')
const PROGRAM = join(EMULATOR, 'DynamoDBLocal.jar')
const OLDEST_JAVA = 17

export const NO_JAVA = `no Java ${OLDEST_JAVA} or later: Amazon's DynamoDB Local cannot judge the contract`

export const hasJava = async (): Promise<boolean> => {
  const { stderr } = await run('java', ['-version'], { timeout: 20_000 }).catch(() => ({ stderr: '' }))
  return Number(/version "(\d+)/.exec(stderr)?.[1]) >= OLDEST_JAVA
}

/** Only where it is asked for, and beside the workspace's packages: 57 MB that nothing else needs. */
const install = (): Promise<void> =>
  installOnce(PACKAGE, FOLDER, join(FOLDER, 'whole'), async () => {
    await mkdir(FOLDER, { recursive: true })
    const limits = { cwd: FOLDER, timeout: INSTALL_MILLISECONDS }
    const { stdout } = await run('npm', ['pack', '--silent', PACKAGE], limits)
    const archive = join(FOLDER, stdout.trim())
    const digest = createHash('sha512')
      .update(await readFile(archive))
      .digest('base64')
    if (`sha512-${digest}` !== INTEGRITY) throw new Error('it is not the package that was looked at')
    await run('tar', ['-xzf', archive], limits)
    await rm(archive)
    await mkdir(join(FOLDER, 'whole'))
  })

/** A private one on loopback, in memory, the same for every account and region. */
export const startDynamoDbLocal = async (): Promise<{ endpoint: string; stop(): Promise<void> }> => {
  await install()
  const port = await freePort()
  const child = spawn(
    'java',
    [
      `-Djava.library.path=${join(EMULATOR, 'DynamoDBLocal_lib')}`,
      '-XX:TieredStopAtLevel=1', // it lives for seconds
      '-Xmx256m',
      ...['-jar', PROGRAM, '-inMemory', '-sharedDb', '-disableTelemetry', '-port', String(port)],
    ],
    { detached: true, stdio: 'ignore', cwd: EMULATOR },
  )
  const endpoint = `http://127.0.0.1:${port}`
  const { stop } = owned(child, undefined)
  try {
    await answering(child, async () => (await fetch(endpoint)).status === 400)
  } catch (cause) {
    await stop()
    throw new Error('DynamoDB Local did not start', { cause })
  }
  return { endpoint, stop }
}
