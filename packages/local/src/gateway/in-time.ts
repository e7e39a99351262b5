interface Waiting {
  readonly until: number
  late(): void
}

const LOOK_MILLISECONDS = 100

/** One timer looks after all that is waited for: to start and end one for every request takes as long as to route it. */
const waiting = new Set<Waiting>()
let looking: NodeJS.Timeout | undefined

const look = (): void => {
  const now = performance.now()
  for (const one of waiting) if (one.until <= now) one.late()
  if (waiting.size > 0) return
  clearInterval(looking)
  looking = undefined
}

/** What is promised, or undefined when it takes longer than so many milliseconds and a tenth of a second. */
export const inTime = <T>(promised: Promise<T>, milliseconds: number): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    const one: Waiting = {
      until: performance.now() + milliseconds,
      late: () => {
        waiting.delete(one)
        resolve(undefined)
      },
    }
    waiting.add(one)
    looking ??= setInterval(look, LOOK_MILLISECONDS)
    promised.then(
      (value) => {
        waiting.delete(one)
        resolve(value)
      },
      (error: unknown) => {
        waiting.delete(one)
        reject(error)
      },
    )
  })
