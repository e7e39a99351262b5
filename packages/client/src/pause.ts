/** Until the time is over, or nobody wants to wait any more. */
export const pause = (milliseconds: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', over)
      resolve()
    }
    const timer = setTimeout(over, signal?.aborted ? 0 : milliseconds)
    signal?.addEventListener('abort', over)
  })
