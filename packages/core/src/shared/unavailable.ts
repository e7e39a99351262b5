/** Weather: what a disk or a network does. The same may pass a moment later. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}

/** Whether an error, or what caused it, is weather. */
export const isUnavailable = (error: unknown): boolean =>
  error instanceof Unavailable ||
  (error instanceof Error && error.cause !== undefined && isUnavailable(error.cause))
