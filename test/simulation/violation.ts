/** What must hold after every step. The names are those of the table in README.md. */
export const INVARIANTS = [
  'refused-never-accepted',
  'refusal-never-undone',
  'good-never-refused',
  'stranger-never-accepted',
  'ungranted-never-accepted',
  'expired-never-accepted',
  'approved-before-issued',
  'acknowledged-never-lost',
  'repeated-never-doubled',
  'published-before-signing',
  'one-key-signs',
  'row-never-backwards',
  'chain-unbroken',
  'secrets-never-written',
  'rebuilt-is-live',
  'sets-leave-the-fence',
  'last-said-holds',
  'reminded-once',
  'sealed-for-good',
  'no-defect',
] as const

export type Invariant = (typeof INVARIANTS)[number]

export class Violation extends Error {
  readonly invariant: Invariant

  constructor(invariant: Invariant, detail: string) {
    super(`${invariant}: ${detail}`)
    this.invariant = invariant
  }
}

export type Violate = (invariant: Invariant, detail: string) => void
