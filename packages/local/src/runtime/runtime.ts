import type { SubscriptionName } from '@countersign/topology'
import type { Queues } from '../store/sqlite-queues.ts'
import { queueNames, type Workers } from './workers.ts'

/** Drives the workers by themselves: at once when there is news, and when a message becomes visible again. */
export interface Runtime {
  /** There is something in the ledger that the bus does not have. */
  committed(): void
  /** There is something in a queue. */
  sent(queue: SubscriptionName): void
  /** Relays and delivers until nothing is left that could be delivered now. */
  drain(): Promise<void>
  stop(): Promise<void>
}

/** How long a failed relay waits before it tries again. */
const RELAY_PAUSE_MILLISECONDS = 1_000

export const createRuntime = (
  workers: Workers,
  queues: Queues,
  clock: () => Date,
  failed: (error: unknown) => void,
): Runtime => {
  let stopped = false
  const timers = new Set<NodeJS.Timeout>()
  const later = (milliseconds: number, work: () => void): void => {
    if (stopped) return
    const timer = setTimeout(() => {
      timers.delete(timer)
      work()
    }, milliseconds)
    timers.add(timer)
  }

  const relayLoop = looping(async () => {
    while (!stopped && (await workers.relay()));
    if (!stopped && workers.unrelayed() > 0) later(RELAY_PAUSE_MILLISECONDS, relayLoop)
  }, failed)
  const pollLoops = new Map(
    queueNames.map((name) => {
      const loop: Loop = looping(async () => {
        while (!stopped && (await workers.poll(name)));
        const next = queues.nextVisible(name)
        if (!stopped && next !== undefined) later(Math.max(1, next - clock().getTime()), loop)
      }, failed)
      return [name, loop] as const
    }),
  )
  const drain = async () => {
    for (let moved = true; moved; ) {
      moved = await workers.relay()
      for (const name of queueNames) moved = (await workers.poll(name)) || moved
    }
  }
  return {
    committed: relayLoop,
    sent: (queue) => pollLoops.get(queue)?.(),
    drain,
    stop: async () => {
      stopped = true
      for (const timer of timers) clearTimeout(timer)
      await Promise.all([relayLoop.idle(), ...[...pollLoops.values()].map((loop) => loop.idle())])
    },
  }
}

interface Loop {
  (): void
  /** Resolves when the work under way is done. */
  idle(): Promise<void>
}

/** Runs `work` once more for any number of calls that came while it ran: no news is lost, none is handled twice at once. */
const looping = (work: () => Promise<void>, failed: (error: unknown) => void): Loop => {
  let running: Promise<void> | undefined
  let again = false
  const run = async () => {
    do {
      again = false
      await work().catch(failed)
    } while (again)
    running = undefined
  }
  const call = () => {
    if (running !== undefined) again = true
    else running = run()
  }
  return Object.assign(call, { idle: async () => running })
}
