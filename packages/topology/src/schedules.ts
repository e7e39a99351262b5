import type { Schedule } from './runs.ts'

const functions = 'packages/functions/src'

/** What the clock starts. */
export const schedules = {
  AdvanceSigningKeys: {
    module: `${functions}/schedules/advance-signing-keys`,
    every: 'rate(1 minute)',
    links: ['ledger:write', 'key-ring:rotate'],
  },
  RetireApiKeys: {
    module: `${functions}/schedules/retire-api-keys`,
    every: 'rate(1 minute)',
    links: ['ledger:write', 'ledger:list'],
  },
  RefreshSessions: {
    module: `${functions}/schedules/refresh-sessions`,
    every: 'rate(5 minutes)',
    links: ['ledger:list', 'ledger:write', 'access:write', 'identities:read'],
  },
  SweepRevokedSets: {
    module: `${functions}/schedules/sweep-revoked-sets`,
    every: 'rate(1 minute)',
    links: ['ledger:write', 'ledger:list', 'access:write'],
  },
  RemindOfExpiry: {
    module: `${functions}/schedules/remind-of-expiry`,
    every: 'rate(1 hour)',
    links: ['ledger:write', 'ledger:list'],
  },
  SealAudit: {
    module: `${functions}/schedules/seal-audit`,
    every: 'rate(15 minutes)',
    timeoutSeconds: 300,
    memoryMegabytes: 1_024,
    links: ['ledger:write', 'ledger:list', 'ledger:days', 'seal-keys:read'],
  },
} as const satisfies Record<string, Schedule>
