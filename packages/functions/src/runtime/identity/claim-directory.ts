import type { GroupDirectory } from '@countersign/core/session'
import { ok } from '@countersign/core/shared'

/** The groups are a claim of the ID token: a list of strings. Without the claim nobody is a member of anything. */
export const claimDirectory = (claim: string): GroupDirectory => ({
  groupsOf: async ({ claims = {} }) => {
    const told = Object.hasOwn(claims, claim) ? claims[claim] : []
    return ok(Array.isArray(told) ? told.filter((group) => typeof group === 'string') : [])
  },
})
