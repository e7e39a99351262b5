import type { Command } from '../command.ts'
import { apiKeys } from './api-keys.ts'
import { apiRules } from './api-rules.ts'
import { apis } from './apis.ts'
import { audit } from './audit.ts'
import { auditExport } from './audit-export.ts'
import { auditProofs } from './audit-prove.ts'
import { auditTail } from './audit-tail.ts'
import { auditVerify } from './audit-verify.ts'
import { call } from './call.ts'
import { consumers } from './consumers.ts'
import { denials } from './denials.ts'
import { explain } from './explain.ts'
import { keys } from './keys.ts'
import { lockdown } from './lockdown.ts'
import { pipeline } from './pipeline.ts'
import { publishApi } from './publish.ts'
import { rebuild } from './rebuild.ts'
import { revokeSet } from './revoke-set.ts'
import { selfSigning } from './self-signing.ts'
import { signInAndOut } from './sign-in.ts'
import { issuing } from './token-issue.ts'
import { tokenLife } from './token-life.ts'
import { tokens } from './tokens.ts'
import { usagePlans } from './usage-plans.ts'
import { webhooks } from './webhooks.ts'

/** In the order the help lists them. */
export const commands: readonly Command[] = [
  publishApi,
  ...apis,
  ...apiRules,
  ...consumers,
  ...selfSigning,
  ...issuing,
  ...tokens,
  ...tokenLife,
  revokeSet,
  ...lockdown,
  ...usagePlans,
  ...apiKeys,
  ...keys,
  audit,
  auditTail,
  auditVerify,
  ...auditProofs,
  auditExport,
  denials,
  ...webhooks,
  ...pipeline,
  rebuild,
  ...signInAndOut,
  explain,
  call,
]
