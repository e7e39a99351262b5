import { expect } from 'vitest'
import { decide } from './decision.ts'
import type { DenialReason } from './denial.ts'
import { ROAD, type Step } from './findings.ts'

/** The check that every reason of `decide` belongs to. */
const REFUSED_AT: Partial<Record<DenialReason, Step>> = {
  deployment_unknown: 'deployment',
  locked_down: 'fence',
  key_revoked: 'fence',
  consumer_suspended: 'fence',
  subject_fenced: 'fence',
  api_closed: 'fence',
  issued_before: 'fence',
  token_revoked: 'refusal',
  token_disabled: 'refusal',
  session_ended: 'refusal',
  token_unknown: 'row',
  session_unknown: 'row',
  consumer_unknown: 'row',
  kid_not_accepted: 'key-accepted',
  token_expired: 'expiry',
  token_superseded: 'expiry',
  token_mismatch: 'binding',
  session_mismatch: 'binding',
  lifetime_too_long: 'lifetime',
  audience_mismatch: 'grants',
  api_not_granted: 'grants',
  group_not_granted: 'grants',
  path_refused: 'path',
  route_unknown: 'route',
  route_not_granted: 'opened',
}

/** `decide`, held to what it says on the way: every step in its order, and last the one that refused. */
export const decideAloud: typeof decide = (claims, request, rows, now) => {
  const steps: Step[] = []
  const decided = decide(claims, request, rows, now, (step) => void steps.push(step))
  const road: readonly Step[] = ROAD[claims.kind]
  const begun = road.indexOf('deployment')
  expect(steps).toEqual(road.slice(begun, begun + steps.length))
  expect(steps.at(-1)).toBe(decided.ok ? 'opened' : REFUSED_AT[decided.error.reason])
  expect(decided).toEqual(decide(claims, request, rows, now))
  return decided
}
