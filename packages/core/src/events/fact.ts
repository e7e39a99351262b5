import type { EventData, EventType, FactOf } from './catalog.ts'

/** Apart from the envelope's schema, so that what only states facts does not bring a validation library along. */
export const fact = <T extends EventType>(type: T, data: EventData<T>): FactOf<T> =>
  ({ type, data }) as FactOf<T>
