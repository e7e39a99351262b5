import type { DenialReason } from '@countersign/core/access'
import * as Access from '@countersign/core/access/module'
import { epochSeconds } from '@countersign/core/shared'
import * as Token from '@countersign/core/token/module'
import type { Services } from './services.ts'

/** Why the fence refuses a token at every API that it opens, though its own state does not say so. */
export const fencedBecause = async (
  { accessRows }: Pick<Services, 'accessRows'>,
  token: Token.Token,
): Promise<DenialReason | undefined> => {
  if (!Token.isIssued(token)) return undefined
  const key = Access.fenceRowKey(Access.shardOf(token.id))
  const fence = (await accessRows.read([key])).get(key)
  const { grants } = token
  const audience = grants.map(({ apiId }) => apiId)
  const { id: tokenId, kid, consumerId } = token
  const issuedAt = epochSeconds(new Date(token.issuedAt))
  const expiresAt = epochSeconds(new Date(token.expiresAt))
  const claims = { kind: 'token', tokenId, kid, consumerId, audience, issuedAt, expiresAt } as const
  const reasons = grants.map((grant) => Access.fenceReason(claims, grant, { fence }))
  return reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined
}

/** What the fence refuses at this moment, oldest first. */
export const fenceEntries = async ({ accessRows }: Pick<Services, 'accessRows'>) => {
  const key = Access.fenceRowKey(0)
  const row = (await accessRows.read([key])).get(key)
  return Object.keys(row?.registers ?? {})
    .flatMap((entry) => {
      const value = Access.fenceEntryOf(row, entry)
      if (!value) return []
      const before =
        value.before === undefined ? {} : { issuedBefore: new Date(value.before * 1_000).toISOString() }
      return [{ entry, since: value.since, ...before }]
    })
    .sort((a, b) => Date.parse(a.since) - Date.parse(b.since))
}
