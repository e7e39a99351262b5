import { AsyncLocalStorage } from 'node:async_hooks'
import type { Fate } from './operations.ts'

/** One invocation of a function in a process of its own. */
export interface Task {
  readonly name: string
  state: 'running' | 'parked' | 'done' | 'dead'
  /** A port failed it, on purpose. */
  failed: boolean
  /** Milliseconds that it may stand still before it is ended, as a function's time limit does. */
  readonly limit: number
  parkedAt: number
  /** Lets a parked one go on. */
  release: () => void
  /** Called once, when it is done or dead. */
  readonly ended: () => void
}

interface Running extends Task {
  calls: number
  readonly fate: Fate | undefined
}

const tasks = new AsyncLocalStorage<Running>()

export class Weather extends Error {}

export interface Start {
  readonly name: string
  readonly fate: Fate | undefined
  readonly limit: number
  readonly now: number
  readonly ended?: () => void
}

/** Everything that can go on without a port that stands still has gone on when this resolves. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export const startTask = async (start: Start, work: (task: Task) => Promise<void>): Promise<Task> => {
  const task: Running = {
    name: start.name,
    fate: start.fate,
    limit: start.limit,
    state: 'running',
    failed: false,
    calls: 0,
    parkedAt: start.now,
    release: () => {},
    ended: start.ended ?? (() => {}),
  }
  const end = () => {
    if (task.state === 'dead') return
    task.state = 'done'
    task.ended()
  }
  void tasks.run(task, () =>
    work(task).then(end, (error: unknown) => {
      end()
      // A function that a port failed is invoked again some time; anything else it throws is a defect.
      if (!(error instanceof Weather)) throw error
    }),
  )
  await settled()
  return task
}

export const kill = (task: Task): void => {
  if (task.state === 'done' || task.state === 'dead') return
  task.state = 'dead'
  task.ended()
}

/** One that stands still goes on some time, or is ended. */
export const keep = ({ parked }: { readonly parked: Set<Task> }, task: Task): void => {
  if (task.state === 'parked' || task.state === 'running') parked.add(task)
}

const forever = new Promise<never>(() => {})

const befall = (task: Running, { how }: Fate): Promise<void> | undefined => {
  if (how === 'die') {
    kill(task)
    return forever
  }
  if (how === 'fail') {
    task.failed = true
    throw new Weather('the port cannot be reached')
  }
  task.state = 'parked'
  return new Promise((resolve) => {
    task.release = () => {
      task.state = 'running'
      resolve()
    }
  })
}

/** A call of a port: before and after its effect the process can die, stand still, or be told that it failed. */
export const crossing = async <T>(effect: () => Promise<T> | T): Promise<T> => {
  const task = tasks.getStore()
  if (!task) return effect()
  if (task.state === 'dead') return forever
  const call = task.calls++
  const fate = task.fate?.at === call ? task.fate : undefined
  if (fate && !fate.effect) await befall(task, fate)
  const result = await effect()
  if (fate?.effect) await befall(task, fate)
  return result
}

/** The same port, each of whose calls is a crossing. */
export const crossed = <T extends object>(port: T): T =>
  Object.fromEntries(
    Object.entries(port).map(([name, method]: [string, (...given: unknown[]) => Promise<unknown>]) => [
      name,
      (...given: unknown[]) => crossing(() => method(...given)),
    ]),
  ) as T
