/** `inspect.custom` by its registered name: importing `node:util` would be paid at every start of the authorizer. */
const INSPECTED = Symbol.for('nodejs.util.inspect.custom')

/** A value that is used, never shown: every accidental rendering of it prints `[redacted]`. */
export class Redacted<T> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  /** The one deliberate way out; SECURITY.md lists every caller. */
  reveal(): T {
    return this.#value
  }

  toString(): string {
    return '[redacted]'
  }

  toJSON(): string {
    return '[redacted]'
  }

  [INSPECTED](): string {
    return '[redacted]'
  }
}
