import * as z from 'zod'
import { err, ok, type Result } from '../shared/result.ts'
import { idOf, Slug } from '../shared/schema.ts'

const CREDENTIALS = ['token', 'session', 'consumer-signed'] as const

/** What was presented, once its signature and its claims were found good. */
export type CredentialKind = (typeof CREDENTIALS)[number]

/**
 * One decision as the authorizer logs it. No byte of what was presented, no address and no subject of a person, no path:
 * ids, names of the platform's own and registered templates. Members without a value are left out.
 */
export interface DecisionLine {
  readonly outcome: 'allow' | 'deny'
  readonly reason: string | undefined
  readonly credential: CredentialKind | undefined
  /** `tok_…`; of a token that a consumer signed itself, the `jti` that the consumer chose. */
  readonly tokenId: string | undefined
  readonly consumerId: string | undefined
  readonly sessionId: string | undefined
  readonly kid: string | undefined
  readonly apiId: string | undefined
  readonly environment: string | undefined
  readonly method: string | undefined
  /** The registered template, never the path that was asked. */
  readonly route: string | undefined
  /** `gatewayId/stage` */
  readonly gateway: string | undefined
}

/** Of a decision that could not be made: a store or the key ring failed, and the caller saw 500. */
export interface FailureLine {
  readonly outcome: 'error'
  readonly reason: string
}

/** What every line of the decision log has besides. */
export interface DecisionRecord {
  readonly message: 'decision'
  readonly decisionId: string
  readonly latencyMilliseconds: number
  /** Of an issued token that opened something, for the first time in this hour as far as this process remembers. */
  readonly firstUse?: true
}

const Text = z.string().min(1).max(256)

const Line = z.object({
  message: z.literal('decision'),
  decisionId: idOf('decision'),
  outcome: z.enum(['allow', 'deny']),
  reason: z
    .string()
    .regex(/^[a-z][a-z_]{0,63}$/)
    .optional(),
  credential: z.enum(CREDENTIALS).optional(),
  tokenId: Text.optional(),
  consumerId: idOf('consumer').optional(),
  sessionId: idOf('session').optional(),
  kid: Text.optional(),
  apiId: idOf('api').optional(),
  environment: Slug.optional(),
  method: Text.optional(),
  route: z.string().max(1_024).optional(),
  gateway: z
    .string()
    .regex(/^[a-z0-9]{1,32}\/[A-Za-z0-9_$-]{1,128}$/)
    .optional(),
  firstUse: z.literal(true).optional(),
})

/** A line that was read back from the log, and when it was written. */
export interface LoggedDecision extends z.output<typeof Line> {
  readonly at: Date
}

/** A decision's line is a few hundred bytes; what is longer is none. */
const LONGEST_LINE = 8_192

/** `no_decision`: a line about something else. `unreadable`: it says it is a decision, and is of no form this reader knows. */
export const readDecision = (
  text: string,
  at: number,
): Result<LoggedDecision, 'no_decision' | 'unreadable'> => {
  if (text.length > LONGEST_LINE || !isInstant(at)) return err('no_decision')
  const value = jsonIn(text)
  if (typeof value !== 'object' || value === null) return err('no_decision')
  const { message, outcome } = value as Readonly<Record<string, unknown>>
  if (message !== 'decision' || outcome === 'error') return err('no_decision')
  const line = Line.safeParse(value)
  return line.success ? ok({ ...line.data, at: new Date(at) }) : err('unreadable')
}

/** Instants that RFC 3339 can write with four digits of a year. */
const isInstant = (at: number): boolean => at >= 0 && at < Date.UTC(10_000, 0)

const jsonIn = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
