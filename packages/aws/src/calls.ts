import { isUnavailable, Unavailable } from '@countersign/core/shared'

/** Attempts the SDK makes by itself for one call: throttling, 5xx and broken connections. */
const ATTEMPTS = 3

/** What every client of the SDK is made with: each attempt ends by itself, and there are few of them. */
export const clientSettings = (attemptMilliseconds: number) => ({
  maxAttempts: ATTEMPTS,
  requestHandler: {
    connectionTimeout: 500,
    requestTimeout: attemptMilliseconds,
    throwOnRequestTimeout: true,
  },
})

/** Runs a call, all its attempts together, within a time limit; what goes wrong is thrown with its cause. */
export const within = async <T>(
  milliseconds: number,
  doing: string,
  call: (limit: { readonly abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> => {
  const abortSignal = AbortSignal.timeout(milliseconds)
  try {
    return await call({ abortSignal })
  } catch (cause) {
    const Thrown = isWeather(cause) ? Unavailable : Error
    throw new Thrown(failure(doing, cause), { cause })
  }
}

interface Called extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly code?: string
}

/** Too much at once, no answer in time, no connection, or a fault that the service calls its own. */
const isWeather = (cause: unknown): boolean => {
  if (!(cause instanceof Error)) return false
  if (isUnavailable(cause)) return true
  const { $metadata, code = '' } = cause as Called
  return (
    ($metadata?.httpStatusCode ?? 0) >= 500 ||
    /Timeout|Abort|Throttl|TooManyRequests|Throughput|Limit/.test(cause.name) ||
    CUT_OFF.test(code)
  )
}

const CUT_OFF = /^(?:ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ETIMEDOUT|ENETUNREACH)/

/** The service's name for the fault and nothing of what was sent or received. */
export const failure = (doing: string, cause: unknown): string =>
  `${doing} failed: ${cause instanceof Error ? cause.name : typeof cause}`
