import * as z from 'zod'
import type { Environment } from './services.ts'

/** What a variable says; throws and names it where it is missing or cannot be read. */
export const variable = <T>(environment: Environment, name: string, schema: z.ZodType<T>): T => {
  const text = environment[name]
  const value = schema.safeParse(text)
  if (value.success) return value.data
  if (text === undefined) throw new Error(`the environment variable ${name} is missing`)
  throw new Error(`the environment variable ${name} cannot be read`, { cause: value.error })
}

export const Name = z.string().min(1)
export const Url = z.url()

/** With commas between them. */
export const Names = Name.transform((text) => text.split(','))

/** `{"<subscription>": {"queueUrl": "…", "deadLetterQueueUrl": "…"}}` */
export const Queues = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text)
    } catch {
      context.addIssue({ code: 'custom', message: 'not JSON' })
      return z.NEVER
    }
  })
  .pipe(z.record(z.string(), z.strictObject({ queueUrl: z.url(), deadLetterQueueUrl: z.url() })))

export const Milliseconds = z.coerce.number().int().min(1).max(999_999)

export const Seconds = z.coerce.number().int().min(1).max(999_999)
