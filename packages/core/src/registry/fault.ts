import type { RegistrationFault } from './api.ts'

/** More than a person reads, and as much as an event can carry. */
export const MOST_FAULTS = 100

const LONGEST_TEXT = 300

/** One reason against a document; what it quotes is cut, because a document may name things at any length. */
export const fault = (pointer: string, code: string, detail: string): RegistrationFault => ({
  pointer: cut(pointer),
  code,
  detail: cut(detail),
})

const cut = (text: string): string =>
  text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT).toWellFormed()}…`
