import type * as z from 'zod'

export interface EventDefinition<Type extends string, Data extends z.ZodType> {
  readonly type: Type
  /** Raised when `data` changes in a way that a reader of the older shape would misread. */
  readonly version: number
  /** What happened, in one sentence; printed into docs/events.md. */
  readonly summary: string
  readonly data: Data
}

export const defineEvent = <const Type extends string, Data extends z.ZodType>(
  type: Type,
  version: number,
  summary: string,
  data: Data,
): EventDefinition<Type, Data> => ({ type, version, summary, data })
