import { randomUUID } from 'node:crypto'
import { causesOf } from '@countersign/functions/runtime/http'
import { readKeyRing } from '@countersign/functions/runtime/mint'
import type { Services } from '@countersign/functions/runtime/services'
import { type Rotation, rotations, schedules } from '@countersign/topology'
import type { SecretsManagerRotationEvent } from 'aws-lambda'
import { makeFrom } from '../runtime/modules.ts'

const UNITS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const

/** Milliseconds in `rate(5 minutes)`. */
export const millisecondsOf = (every: string): number => {
  const [, amount = '1', unit = 'day'] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(every) ?? []
  return Number(amount) * UNITS[unit as keyof typeof UNITS]
}

/** The clockwork of one machine: the topology's schedules, and the rotation that Secrets Manager would run. */
export const startSchedules = (services: Services): { stop(): Promise<void> } => {
  const running = new Set<Promise<void>>()
  const every = (name: string, rate: string, work: () => Promise<void>) =>
    setInterval(() => {
      const run = work().catch((error: unknown) =>
        services.log({
          level: 'error',
          message: 'a schedule failed',
          schedule: name,
          error: causesOf(error),
        }),
      )
      running.add(run)
      void run.then(() => running.delete(run))
    }, millisecondsOf(rate)).unref()
  const timers = [
    ...Object.entries(schedules).map(([name, schedule]) =>
      every(name, schedule.every, async () => (await makeFrom<object, void>(schedule.module, services))({})),
    ),
    ...Object.entries(rotations).map(([name, rotation]) =>
      every(name, 'rate(1 hour)', () => rotateWhenDue(services, rotation)),
    ),
  ]
  return {
    stop: async () => {
      for (const timer of timers) clearInterval(timer)
      await Promise.all(running)
    },
  }
}

const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const

/** The four steps, one after the other, once the newest key is as old as the topology allows. */
export const rotateWhenDue = async (
  services: Services,
  { everyDays, module, secret }: Rotation,
): Promise<void> => {
  const keyRing = { KeyRing: services.keyRing, SealKeys: services.sealKeys }[secret]
  const newest = Math.max(0, ...(await readKeyRing({ keyRing })).keys.map(({ createdAt }) => createdAt))
  if (services.clock().getTime() - newest * 1_000 < everyDays * UNITS.day) return
  const rotate = await makeFrom<SecretsManagerRotationEvent, void>(module, services)
  const ClientRequestToken = randomUUID()
  for (const Step of STEPS) await rotate({ Step, SecretId: secret, ClientRequestToken })
}
