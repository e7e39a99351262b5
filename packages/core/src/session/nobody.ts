import { err } from '../shared/result.ts'
import type { Identities } from './identities.ts'
import { NO_SIGN_IN } from './sign-in.ts'

/** Nobody vouches for anybody. */
export const NOBODY: Identities = {
  configuration: () => NO_SIGN_IN,
  verify: async () => err('id_token_signature_invalid'),
  directoryOf: () => ({ groupsOf: async () => err('account_unknown') }),
}
