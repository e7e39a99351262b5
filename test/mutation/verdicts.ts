/** What is known of the mutants of a module, between one process that runs its tests and the next. */
export interface Verdicts {
  readonly killed: string[]
  /** Mutant and test. */
  readonly tried: string[]
  /** Passed while a module is loaded, and by no test afterwards: nothing of it can be tried. */
  loaded: string[]
  /** Pairs that a process could not try any more. */
  waiting: number
}
