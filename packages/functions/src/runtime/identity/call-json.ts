/** How calls to others are made: the same in every environment, and a test's own in tests. */
export interface CallOptions {
  readonly clock: () => Date
  readonly fetch?: typeof globalThis.fetch
  readonly sleep?: (milliseconds: number) => Promise<void>
}

export interface Answered {
  readonly status: number
  /** Undefined when it is not JSON. */
  readonly body: unknown
}

const ATTEMPT_MILLISECONDS = 3_000
/** All attempts of one call together: API Gateway waits for 29 s, and a sign-in makes a few calls. */
const BUDGET_MILLISECONDS = 8_000
const ATTEMPTS = 3
const LONGEST_WAIT_MILLISECONDS = 2_000

const PASSING = new Set([408, 429, 500, 502, 503, 504])

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

/**
 * One call with a time limit, tried again within a budget when the other side says that it may help. Throws when nobody
 * answers, or when what may pass does not; redirects are not followed, because a credential goes along.
 */
export const callJson = async (
  url: string,
  request: RequestInit,
  options: CallOptions,
): Promise<Answered> => {
  const { fetch = globalThis.fetch, sleep = pause } = options
  const budget = AbortSignal.timeout(BUDGET_MILLISECONDS)
  let failure: unknown
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await sleep(waitOf(attempt, failure))
    if (budget.aborted) break
    try {
      const signal = AbortSignal.any([budget, AbortSignal.timeout(ATTEMPT_MILLISECONDS)])
      const response = await fetch(url, { ...request, redirect: 'error', signal })
      const text = await response.text()
      if (!PASSING.has(response.status)) return { status: response.status, body: jsonIn(text) }
      failure = new Passing(response.status, response.headers.get('retry-after'))
    } catch (error) {
      failure = error
    }
  }
  throw new Error(`${new URL(url).origin} cannot be asked`, { cause: failure })
}

class Passing extends Error {
  readonly retryAfter: string | null

  constructor(status: number, retryAfter: string | null) {
    super(`it answered ${status}`)
    this.retryAfter = retryAfter
  }
}

/** As long as the other side says, within reason; else 200 ms, 400 ms. */
const waitOf = (attempt: number, failure: unknown): number => {
  const seconds =
    failure instanceof Passing && failure.retryAfter !== null ? Number(failure.retryAfter) : Number.NaN
  const wanted = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : 100 * 2 ** attempt
  return Math.min(wanted, LONGEST_WAIT_MILLISECONDS)
}

const jsonIn = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
