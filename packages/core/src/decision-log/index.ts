export * as DecisionLog from './decision-log.ts'
export type { Counted, DenialFact, Denials, Tally } from './denials.ts'
export type { CredentialKind, DecisionLine, DecisionRecord, FailureLine, LoggedDecision } from './line.ts'
export type { TokenUse, UseFact } from './uses.ts'
