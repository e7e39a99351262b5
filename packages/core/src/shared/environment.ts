/** What an organisation decides once per environment. */
export interface EnvironmentPolicy {
  readonly longestTokenSeconds: number
  readonly defaultTokenSeconds: number
  /** Tokens wait for the approval of somebody other than their requester. */
  readonly needsApproval: boolean
}

const DAY = 86_400

const ORDINARY: EnvironmentPolicy = {
  longestTokenSeconds: 365 * DAY,
  defaultTokenSeconds: 90 * DAY,
  needsApproval: false,
}

const POLICIES: Readonly<Record<string, EnvironmentPolicy>> = {
  production: { ...ORDINARY, needsApproval: true },
}

/** Environments are names of the organisation's; the ones not named here follow the ordinary policy. */
export const environmentPolicy = (environment: string): EnvironmentPolicy =>
  (Object.hasOwn(POLICIES, environment) ? POLICIES[environment] : undefined) ?? ORDINARY

/** No token of any environment lives longer, so no key has to verify longer after it stopped signing. */
export const LONGEST_TOKEN_SECONDS = Math.max(
  ORDINARY.longestTokenSeconds,
  ...Object.values(POLICIES).map(({ longestTokenSeconds }) => longestTokenSeconds),
)
