import type { InboxName } from '@countersign/topology'
import type { Queues } from '../store/sqlite-queues.ts'
import { lanesOf, queueNames, type Workers } from './workers.ts'

/** Drives the workers by themselves: at once when there is news, and when a message becomes visible again. */
export interface Runtime {
  /** There is something in the ledger that the bus does not have. */
  committed(): void
  /** There is something in a queue. */
  sent(queue: InboxName): void
  /** Relays and delivers until nothing is left that could be delivered now. */
  drain(): Promise<void>
  stop(): Promise<void>
}

/** How long what failed waits before it is tried again. */
const PAUSE_MILLISECONDS = 1_000

/** A queue is looked at after this at the latest: a clock that was set back must not put a message off for days. */
const LONGEST_WAIT_MILLISECONDS = 60_000

export const createRuntime = (
  workers: Workers,
  queues: Queues,
  clock: () => Date,
  failed: (error: unknown) => void,
): Runtime => {
  let stopped = false
  const timers = new Map<Loop, NodeJS.Timeout>()
  /** One alarm per loop; each run of it knows better than the last when the next is due. */
  const later = (loop: Loop, milliseconds: number): void => {
    clearTimeout(timers.get(loop))
    const wait = Math.min(Math.max(1, milliseconds), LONGEST_WAIT_MILLISECONDS)
    if (!stopped) timers.set(loop, setTimeout(loop, wait))
  }
  const startLoop = (work: (loop: Loop) => Promise<void>): Loop => {
    const loop: Loop = looping(
      () => work(loop),
      (error) => {
        failed(error)
        later(loop, PAUSE_MILLISECONDS)
      },
    )
    return loop
  }

  const relayLoop = startLoop(async (loop) => {
    while (!stopped && (await workers.relay()));
    if (!stopped && workers.unrelayed() > 0) later(loop, PAUSE_MILLISECONDS)
  })
  const pollLoop = (name: InboxName, lane: number) =>
    startLoop(async (loop) => {
      while (!stopped && (await workers.poll(name, lane)));
      const next = stopped ? undefined : queues.nextVisible(name)
      if (next !== undefined) later(loop, next - clock().getTime())
    })
  const lanes = queueNames.flatMap((name) =>
    Array.from({ length: lanesOf(name) }, (_, lane) => ({ name, lane, loop: pollLoop(name, lane) })),
  )
  const drain = async () => {
    for (let moved = true; moved; ) {
      moved = await workers.relay()
      for (const { name, lane } of lanes) moved = (await workers.poll(name, lane)) || moved
    }
  }
  return {
    committed: relayLoop,
    sent: (queue) => {
      for (const { name, loop } of lanes) if (name === queue) loop()
    },
    drain,
    stop: async () => {
      stopped = true
      for (const timer of timers.values()) clearTimeout(timer)
      await Promise.all([relayLoop, ...lanes.map(({ loop }) => loop)].map((loop) => loop.idle()))
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
