import type * as z from 'zod'

export interface EventDefinition<Type extends string, Data extends z.ZodType> {
  readonly type: Type
  /** Raised when `data` changes in a way that a reader of the older shape would misread. */
  readonly version: number
  /** What happened, in one sentence; printed into docs/events.md. */
  readonly summary: string
  readonly data: Data
}

/** The schema is made when an event of the type is first met: a function meets a few, and would pay for all at its start. */
export const defineEvent = <const Type extends string, Data extends z.ZodType>(
  type: Type,
  version: number,
  summary: string,
  schema: () => Data,
): EventDefinition<Type, Data> => {
  let made: Data | undefined
  return {
    type,
    version,
    summary,
    get data() {
      made ??= schema()
      return made
    },
  }
}
