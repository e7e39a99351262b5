import type { Coordinates } from '../shared/coordinates.ts'

/** What came of a flush: `gone` when nothing lives there any more, `elsewhere` when another account keeps the cache. */
export type Flushed = 'flushed' | 'gone' | 'elsewhere'

/** What gateways keep of an authorizer's answers, stage by stage. */
export interface AuthorizerCaches {
  /** Makes a stage forget every answer it keeps. Throws when that could not be brought about. */
  flush(stage: Coordinates): Promise<Flushed>
}
