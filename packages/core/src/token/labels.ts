import { ENDING } from './ends.ts'
import { nextReminder } from './reminder-days.ts'
import { isIssued, type Token } from './token.ts'

/** What `GET /tokens` filters by, and `remind=…`: which reminder is the next. */
export const labelsOf = (token: Token): readonly string[] => [
  ...reminderLabels(token),
  ...labelsOfLife(token),
]

const reminderLabels = (token: Token): readonly string[] => {
  if (!isIssued(token) || token.status !== 'active' || token.successorId !== undefined) return []
  const next = nextReminder(token)
  return next === undefined ? [] : [`remind=${next}`]
}

const labelsOfLife = ({ status, consumerId, grants, kid }: Token): readonly string[] => [
  `status=${status}`,
  ...(ENDING.includes(status) ? ['issued'] : []),
  `consumer=${consumerId}`,
  ...(kid === undefined ? [] : [`kid=${kid}`]),
  ...new Set(
    grants.flatMap(({ apiId, api, environment }) => [
      `api=${apiId}`,
      `api=${api}`,
      `environment=${environment}`,
    ]),
  ),
]
