import { Access } from '@countersign/core/access'
import type { EventOf, EventType, HubEventType } from '@countersign/core/events'
import { auditOnly, type Subscription, subscriptions } from '@countersign/topology'

const all: readonly (readonly [string, Subscription])[] = Object.entries(subscriptions)

/** Who has a queue for it, beside those who have one for every event. */
export const readersOf = (type: EventType | HubEventType): readonly string[] =>
  all.flatMap(([name, { on }]) => (on !== 'every' && on.includes(type) ? [name] : []))

/** Whether the topology says that no function of the platform reacts to it. */
export const isAuditOnly = (type: string): boolean => (auditOnly as readonly string[]).includes(type)

/** What it does to the read model: rows without their copies, and who writes them. */
export const effectsOf = (event: EventOf): readonly string[] => [
  ...new Set(
    Access.project(event).map(({ row, register, value, by }) => {
      const kind = row.slice(0, row.indexOf('#'))
      const name = register.includes('#') ? `${register.slice(0, register.indexOf('#'))}#…` : register
      return `${value === null ? 'empties' : 'fills'} \`${name}\` of the ${kind} row, by the ${by}`
    }),
  ),
]
