import type { GroupDirectory, Person } from '@countersign/core/session'
import { err, ok, type Redacted } from '@countersign/core/shared'
import * as z from 'zod'
import { type Answered, type CallOptions, callJson } from './call-json.ts'
import { accessTokens } from './service-account.ts'

export type { CallOptions } from './call-json.ts'

export interface GoogleDirectoryOptions extends CallOptions {
  readonly serviceAccount: () => Promise<Redacted<string>>
  /** The administrator in whose name the directory is asked (domain-wide delegation). */
  readonly impersonate: string
  readonly directoryUrl: string
  readonly hostedDomains?: readonly string[] | undefined
}

const User = z.object({
  primaryEmail: z.string().optional(),
  suspended: z.boolean().optional(),
  archived: z.boolean().optional(),
})

const Groups = z.object({
  groups: z.array(z.object({ id: z.string().min(1) })).default([]),
  nextPageToken: z.string().min(1).optional(),
})

/** Google's own largest page. */
const PAGE = 200
const MOST_PAGES = 50

/**
 * Google's Directory API v1. The account is asked for first, because `groups.list` still lists those of a suspended one;
 * then every page of its groups, by their ids. People are named by their immutable id, never by an address.
 */
export const googleDirectory = (options: GoogleDirectoryOptions): GroupDirectory => {
  const { impersonate, serviceAccount } = options
  const tokens = accessTokens({ ...options, impersonate, serviceAccount })
  /** An access token that was taken back before its time is replaced once. */
  const get = async (path: string): Promise<Answered> => {
    const url = `${options.directoryUrl}/admin/directory/v1/${path}`
    const ask = async () =>
      callJson(url, { headers: { authorization: `Bearer ${(await tokens.current()).reveal()}` } }, options)
    const answered = await ask()
    if (answered.status !== 401) return answered
    tokens.forget()
    return ask()
  }
  return {
    groupsOf: async (person) => {
      const refusal = refusalOf(await get(userPath(person)), options)
      return refusal ? err(refusal) : ok(await groupsOf(get, person))
    },
  }
}

const userPath = ({ id }: Person): string =>
  `users/${encodeURIComponent(id)}?projection=basic&fields=primaryEmail,suspended,archived`

const refusalOf = ({ status, body }: Answered, { hostedDomains }: GoogleDirectoryOptions) => {
  if (status === 404) return 'account_unknown'
  const { primaryEmail = '', suspended, archived } = User.parse(expected(status, body))
  if (suspended || archived) return 'account_suspended'
  const domain = primaryEmail.slice(primaryEmail.lastIndexOf('@') + 1).toLowerCase()
  return hostedDomains && !hostedDomains.includes(domain) ? 'account_of_other_domain' : undefined
}

const groupsOf = async (
  get: (path: string) => Promise<Answered>,
  { id }: Person,
): Promise<readonly string[]> => {
  const found: string[] = []
  const seen = new Set<string>()
  let page: string | undefined
  do {
    const query = new URLSearchParams({
      userKey: id,
      maxResults: `${PAGE}`,
      fields: 'nextPageToken,groups(id)',
    })
    if (page !== undefined) query.set('pageToken', page)
    const { status, body } = await get(`groups?${query}`)
    const { groups, nextPageToken } = Groups.parse(expected(status, body))
    found.push(...groups.map((group) => group.id))
    page = nextPageToken
    if (page !== undefined && (seen.has(page) || seen.size >= MOST_PAGES))
      throw new Error('the directory has no end of pages')
    if (page !== undefined) seen.add(page)
  } while (page !== undefined)
  return found
}

const expected = (status: number, body: unknown): unknown => {
  if (status !== 200) throw new Error(`the directory answered ${status}`)
  return body
}
