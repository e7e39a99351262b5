import type { Id } from './id.ts'

/** Where nobody is let in: everywhere, at one API, in one environment, or at one API in one environment. */
export interface LockdownScope {
  readonly apiId?: Id<'api'> | undefined
  readonly environment?: string | undefined
}

/** Its entry in the fence; no id of an API and no name of an environment holds a star or a slash. */
export const lockdownEntry = ({ apiId, environment }: LockdownScope): string =>
  apiId === undefined && environment === undefined
    ? 'lockdown'
    : `lockdown#${apiId ?? '*'}/${environment ?? '*'}`

/** The entries that lock a deployment down, most sweeping first. */
export const lockdownEntriesAt = (at: {
  readonly apiId: Id<'api'>
  readonly environment: string
}): readonly string[] => {
  const { apiId, environment } = at
  return [{}, { environment }, { apiId }, { apiId, environment }].map(lockdownEntry)
}
