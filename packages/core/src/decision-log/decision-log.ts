export { count, MOST_COUNTED, MOST_REPORTS, talliesOf } from './denials.ts'
export { readDecision } from './line.ts'
export { evolve as evolveUse, isNews, useIdOf, usesOf } from './uses.ts'
