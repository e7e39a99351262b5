/** What a command sees of the world around it, besides files and the network. */
export interface Terminal {
  readonly out: (chunk: string | Uint8Array) => void
  readonly error: (text: string) => void
  /** Everything on stdin, until it ends. */
  readonly input: () => Promise<string>
  /** Whether a person reads stdout. */
  readonly interactive: boolean
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly now: () => Date
  /** Aborted when whoever reads has seen enough; a process is simply ended (Ctrl-C). */
  readonly enough?: AbortSignal
}
