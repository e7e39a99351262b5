import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Target } from './load.ts'

/** A server in a process of its own, so that whoever calls it costs it nothing. */
export interface ServerProcess {
  readonly target: Target
  /** Microseconds of processor time it has taken so far. */
  processor(): Promise<number>
  /** Returns once the server has acknowledged that its token is revoked. */
  revoke(): Promise<void>
  stop(): Promise<void>
}

export const startServerProcess = async (
  module: string,
  ...given: readonly string[]
): Promise<ServerProcess> => {
  const child = fork(join(import.meta.dirname, module), given, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [target] = (await Promise.race([once(child, 'message'), died(child)])) as [Target]
  const told = async (what: string): Promise<unknown> => {
    const answered = once(child, 'message')
    child.send(what)
    return (await answered)[0]
  }
  return {
    target,
    processor: async () => Number(await told('processor')),
    revoke: async () => void (await told('revoke')),
    stop: async () => {
      const gone = once(child, 'exit')
      child.send('stop')
      await gone
    },
  }
}

const died = async (child: ReturnType<typeof fork>): Promise<never> => {
  const [code] = await once(child, 'exit')
  throw new Error(`a server of the bench ended with ${code}`)
}

/** The other end: says where it is, does what it is told. */
export const serve = (target: Target, revoke: () => Promise<unknown>, stop: () => Promise<unknown>): void => {
  process.on('message', (said) => {
    switch (said) {
      case 'processor': {
        const { user, system } = process.cpuUsage()
        return void process.send?.(user + system)
      }
      case 'revoke':
        return void revoke().then(() => process.send?.('revoked'))
      default:
        return void stop().then(() => process.disconnect())
    }
  })
  process.send?.(target)
}
