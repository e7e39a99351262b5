/** Gives what was taken back. */
export type Release = () => void

interface Line {
  running: number
  readonly waiting: Set<() => void>
}

/**
 * Of each name, so many at once. Who waits for longer than the patience gets nothing: the others are hardly going to be done
 * soon, and whoever waits keeps something else waiting.
 */
export const turns = (most: number, patienceMilliseconds: number) => {
  const lines = new Map<string, Line>()
  const releasing =
    (name: string, line: Line): Release =>
    () => {
      const [next] = line.waiting
      if (next) next()
      else if (--line.running === 0) lines.delete(name)
    }
  return (name: string): Promise<Release | undefined> => {
    const line = lines.get(name) ?? { running: 0, waiting: new Set() }
    lines.set(name, line)
    if (line.running < most) {
      line.running += 1
      return Promise.resolve(releasing(name, line))
    }
    return new Promise((resolve) => {
      const leave = (taken: Release | undefined) => {
        clearTimeout(timer)
        line.waiting.delete(next)
        resolve(taken)
      }
      const next = () => leave(releasing(name, line))
      const timer = setTimeout(() => leave(undefined), patienceMilliseconds)
      line.waiting.add(next)
    })
  }
}
