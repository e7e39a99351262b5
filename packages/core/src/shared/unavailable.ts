/** Weather: what a disk or a network does. The same may pass a moment later. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
  /** What is wrong, in words for everybody: no path, no host. */
  readonly plainly: string | undefined

  constructor(message: string, options: ErrorOptions & { readonly plainly?: string } = {}) {
    super(message, options)
    this.plainly = options.plainly
  }
}

/** Whether an error, or what caused it, is weather. */
export const isUnavailable = (error: unknown): boolean =>
  error instanceof Unavailable ||
  (error instanceof Error && error.cause !== undefined && isUnavailable(error.cause))
