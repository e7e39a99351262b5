import type { EventOf } from '../events/catalog.ts'

/** What stands in the log in place of an event is none: somebody changed it by hand, or the store is damaged. */
export class DamagedLog extends Error {
  override readonly name = 'DamagedLog'
}

/** The event in a stored text. `place`: which one it is by the store's own key. Throws `DamagedLog`. */
export const storedEvent = (text: string, place: string): EventOf => {
  try {
    const event: unknown = JSON.parse(text)
    if (typeof event === 'object' && event !== null && !Array.isArray(event)) return event as EventOf
  } catch {
    // The parser's message would quote the text.
  }
  throw new DamagedLog(`the log holds something that is no event: ${place}`)
}
