import { REMINDER_DAYS } from '../events/token.ts'

type Days = (typeof REMINDER_DAYS)[number]

interface Reminded {
  readonly issuedAt: string
  readonly expiresAt: string
  readonly remindedDays?: Days
}

export const DAY_MILLISECONDS = 86_400_000

/** Those that make sense for a token of this lifetime, earliest first: nobody is told on the day of issue. */
const sensibleDays = ({ issuedAt, expiresAt }: Reminded): readonly Days[] =>
  REMINDER_DAYS.filter((days) => Date.parse(expiresAt) - Date.parse(issuedAt) > days * DAY_MILLISECONDS)

const remaining = (token: Reminded): readonly Days[] =>
  sensibleDays(token).filter((days) => days < (token.remindedDays ?? Infinity))

/** The earliest reminder that did not go out yet; undefined after the last one. */
export const nextReminder = (token: Reminded): Days | undefined => remaining(token).at(0)

/** The most urgent of those whose time has come: after days without a schedule, one reminder is enough. */
export const dueReminder = (token: Reminded, now: Date): Days | undefined => {
  const left = Date.parse(token.expiresAt) - now.getTime()
  return left <= 0 ? undefined : remaining(token).findLast((days) => left <= days * DAY_MILLISECONDS)
}
