import type { Result } from '@countersign/core/shared'
import type { Failure, Outcome } from './outcome.ts'
import type { Page } from './shapes.ts'

type Load<T> = (cursor: string | undefined) => Promise<Outcome<Page<T>>>

/** Follows `nextCursor` to the end, or to the first failure, which is the last thing it yields. */
export async function* eachPage<T>(load: Load<T>, start?: string): AsyncGenerator<Outcome<Page<T>>, void> {
  let cursor = start
  do {
    const outcome = await load(cursor)
    yield outcome
    const next = outcome.ok ? (outcome.value.body.nextCursor ?? undefined) : undefined
    if (next !== undefined && next === cursor) throw new Error('the platform gave the same cursor twice')
    cursor = next
  } while (cursor !== undefined)
}

/** Every item of every page, or the failure that came in between. */
export const allItems = async <T>(load: Load<T>, start?: string): Promise<Result<readonly T[], Failure>> => {
  const items: T[] = []
  for await (const outcome of eachPage(load, start)) {
    if (!outcome.ok) return outcome
    items.push(...outcome.value.body.items)
  }
  return { ok: true, value: items }
}
