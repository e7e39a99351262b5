/** Something a person can mend: one line, with the remedy. */
export class StartFailure extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'StartFailure'
  }
}

/** Node's `code` of an error: `EADDRINUSE`, `ERR_PARSE_ARGS_UNKNOWN_OPTION`. */
export const codeOf = (error: unknown): string | undefined => {
  const code: unknown = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined
  return typeof code === 'string' ? code : undefined
}
