import type { LogSubscription } from './runs.ts'

/** Who reads which functions' logs, off the road of every request. */
export const logSubscriptions = {
  AccountDecisions: {
    module: 'packages/functions/src/logs/account-decisions',
    of: ['authorizer', 'simpleAuthorizer'],
    pattern: '{ ($.message = "decision") && (($.outcome = "deny") || ($.firstUse IS TRUE)) }',
    takes: { message: 'decision', either: [{ outcome: 'deny' }, { firstUse: true }] },
    links: ['ledger:write'],
    timeoutSeconds: 60,
  },
} as const satisfies Record<string, LogSubscription>
