import type { AccessRowReader, Candidate, Found, Step } from '@countersign/core/access'
import * as Access from '@countersign/core/access/module'
import { formatRoute, instantOf, type Json, type Row } from '@countersign/core/shared'
import { answerOf, uncacheable } from '../authorizer/answer.ts'
import { readCredentials } from '../authorizer/credentials.ts'
import { type Judged, judge, judgeClaims } from '../authorizer/judge.ts'
import { type Question, questionOf } from '../authorizer/question.ts'
import { type Assumed, assumedClaims, type Explained } from './explained-credential.ts'
import type { Place } from './explained-place.ts'
import type { Services } from './services.ts'

export interface Asked {
  readonly explained: Explained
  readonly place: Place
  readonly method: string
  readonly path: string
  /** `simple`: by an HTTP API whose simple responses are on. */
  readonly responses: 'policy' | 'simple'
}

export type ExplainingServices = Pick<
  Services,
  'ledger' | 'accessRows' | 'keyRing' | 'consumerKeyRings' | 'settings' | 'clock' | 'newId' | 'log'
>

interface Told {
  readonly step: Step
  readonly found: Found
}

/**
 * Decides as the authorizer does, by the same code over the same rows, and writes down what it heard on the way. Nothing is
 * kept and no decision is logged; the key ring is read anew, so it is never behind a warm authorizer's.
 */
export const explain = async (services: ExplainingServices, asked: Asked, now: Date) => {
  const told: Told[] = []
  const note = (step: Step, found: Found): void => void told.push({ step, found })
  const rows = new Map<string, Row>()
  const accessRows = remembering(services.accessRows, rows)
  const question = questionFor(asked)
  const { judged, assumed } = await judgedFor({ ...services, accessRows }, asked, question, now, note)
  const last = asked.responses === 'simple' ? uncacheable(judged) : judged
  if (judged.decision.ok) note('answer', answerFound(judged, asked.responses))
  const reason = last.decision.ok ? undefined : last.decision.error.reason
  return {
    outcome: last.decision.ok ? 'allow' : 'deny',
    reason: reason ?? null,
    challenge: reason ? Access.CHALLENGES[reason] : null,
    status: reason ? STATUS[Access.CHALLENGES[reason]] : null,
    decidedAt: now.toISOString(),
    credential: credentialView(judged, assumed),
    request: requestView(asked),
    steps: stepsOf(judged, told, assumed !== undefined, reason !== undefined),
    nearest: nearestView(asked, rows, judged),
    advice: reason ? Access.ADVICE[reason] : 'Nothing to do: the request is let through.',
    remarks: [...(assumed?.remarks ?? []), ...remarksOn(judged, told)],
  }
}

export type Explanation = Awaited<ReturnType<typeof explain>>

const STATUS = { invalid_token: 401, insufficient_scope: 403 } as const

/** The event that a REST API would have sent; a token goes into its header and nowhere else. */
const questionFor = ({ explained, place, method, path }: Asked): Question => {
  const { region, accountId, gatewayId, stage } = place.coordinates
  const value = explained.kind === 'presented' ? `Bearer ${explained.token.reveal()}` : ''
  const question = questionOf({
    type: 'REQUEST',
    methodArn: `arn:aws:execute-api:${region}:${accountId}:${gatewayId}/${stage}/${method}${path}`,
    headers: { Authorization: value },
  })
  if (!question) throw new Error('what an explanation asks is of a known shape')
  return question
}

const judgedFor = async (
  services: Omit<ExplainingServices, 'accessRows'> & { readonly accessRows: AccessRowReader },
  { explained }: Asked,
  question: Question,
  now: Date,
  note: (step: Step, found: Found) => void,
): Promise<{ readonly judged: Judged; readonly assumed: Assumed | undefined }> => {
  if (explained.kind === 'presented')
    return {
      judged: await judge(question, readCredentials(services), services, now, note),
      assumed: undefined,
    }
  const assumed = await assumedClaims(services.ledger, explained, now)
  return { judged: await judgeClaims(question, assumed.claims, services, now, note), assumed }
}

/** What the decision read, for whoever looks at it afterwards. */
const remembering = (reader: AccessRowReader, seen: Map<string, Row>): AccessRowReader => ({
  read: async (keys) => {
    const rows = await reader.read(keys)
    for (const [key, row] of rows) seen.set(key, row)
    return rows
  },
})

const answerFound = (judged: Judged, responses: Asked['responses']): Found => {
  const opening = judged.decision.ok ? judged.decision.value : undefined
  const authorizerCacheTtlSeconds = opening?.binding.authorizerCacheTtlSeconds
  if (responses === 'simple') return { responses, authorizerCacheTtlSeconds }
  const { policyDocument } = answerOf(judged, 'dec_0')
  const bytes = Buffer.byteLength(JSON.stringify(policyDocument))
  return { responses, authorizerCacheTtlSeconds, policyBytes: bytes, routesOpened: opening?.opened.length }
}

type Outcome = 'passed' | 'refused' | 'skipped'

const ASSUMED: readonly Step[] = ['credential', 'format', 'key', 'signature', 'claims']

/** Every step of the road, with what was found; the last one told is the one that refused. */
const stepsOf = (judged: Judged, told: readonly Told[], assumed: boolean, refused: boolean) => {
  const road: readonly Step[] = Access.ROAD[judged.claims?.kind ?? 'token']
  return road.map((step) => {
    const at = told.findIndex((one) => one.step === step)
    const outcome: Outcome = at < 0 ? 'skipped' : refused && at === told.length - 1 ? 'refused' : 'passed'
    const found = told[at]?.found
    if (assumed && ASSUMED.includes(step)) return { step, outcome, found: { assumed: 'good' } }
    return { step, outcome, found: found ? dated(found) : null }
  })
}

const TIMES = new Set(['issuedAt', 'expiresAt', 'until', 'before', 'iat', 'exp', 'nbf', 'now'])
const LAST_INSTANT = 253_402_300_799

/** Rows and tokens hold NumericDates; people and this API read RFC 3339. */
const dated = (found: Found): { readonly [member: string]: Json } =>
  Object.fromEntries(
    Object.entries(found).map(([name, value]) => [name, readable(name, value === undefined ? null : value)]),
  )

const readable = (name: string, value: Json): Json => {
  if (typeof value === 'number' && TIMES.has(name) && value >= 0 && value <= LAST_INSTANT)
    return instantOf(value)
  if (Array.isArray(value)) return value.map((entry: Json) => readable('', entry))
  return typeof value === 'object' && value !== null ? dated(value as Found) : value
}

const credentialView = ({ claims }: Judged, assumed: Assumed | undefined) => {
  if (!claims) return null
  const { kind, kid, issuedAt, expiresAt } = claims
  const who =
    claims.kind === 'session'
      ? { sessionId: claims.sessionId, subject: claims.subject }
      : { tokenId: claims.tokenId || null, consumerId: claims.consumerId }
  return { kind, presented: assumed === undefined, ...who, kid, ...dated({ issuedAt, expiresAt }) }
}

const requestView = ({ place, method, path }: Asked) => ({
  method,
  path,
  api: place.api?.name ?? null,
  environment: place.environment ?? null,
  ...place.coordinates,
})

/** What the credential does have, told even where the decision ended before it looked. */
const nearestView = ({ place, method, path }: Asked, rows: ReadonlyMap<string, Row>, { claims }: Judged) => {
  if (!claims) return null
  const { api, environment, routes: registered } = place
  const candidates =
    claims.kind === 'session'
      ? ruleCandidates(rows, place, Access.sessionOf(rows.get(Access.principalRowKey(claims)))?.groups ?? [])
      : grantCandidates(rows.get(Access.principalRowKey(claims)))
  const nearest = Access.nearestOf(candidates, { apiId: api?.id, environment, method, path, registered })
  if (!nearest) return null
  const { route, group, ...rest } = nearest
  return { ...rest, route: formatRoute(route), ...(group && { group: group.id }) }
}

/** Token rows and consumer rows keep their grants in one place; who has none there gets no nearest. */
const grantCandidates = (row: Row | undefined): readonly Candidate[] =>
  (Access.grantOf(row)?.grants ?? []).flatMap(({ apiId, environment, routes }) =>
    routes.map((route) => ({ apiId, environment, route })),
  )

const ruleCandidates = (
  rows: ReadonlyMap<string, Row>,
  { api, environment }: Place,
  groups: readonly string[],
): readonly Candidate[] => {
  const deployment = [...rows].find(([key]) => key.startsWith('deployment#'))?.[1]
  const rules = Access.rulesOf(deployment)?.rules ?? []
  return rules.flatMap(({ group, routes }) =>
    routes.map((route) => ({
      ...{ apiId: api?.id ?? '', environment: environment ?? '', route },
      group: { id: group, held: groups.includes(group) },
    })),
  )
}

/** What the reason alone does not say. */
const remarksOn = ({ decision }: Judged, told: readonly Told[]): readonly string[] => {
  const opening = decision.ok ? decision.value : decision.error.opening
  const seconds = opening?.binding.authorizerCacheTtlSeconds ?? 0
  const authorization = told.find(({ step }) => step === 'opened')?.found.authorization
  const holder = opening?.principal.kind === 'session' ? 'group' : 'token'
  const others = typeof authorization === 'string' && !authorization.split('+').includes(holder)
  return [
    ...(others ? [PROTECTED_BY(authorization)] : []),
    ...(seconds > 0 ? [`API Gateway may go on with an earlier answer for up to ${seconds} seconds.`] : []),
  ]
}

const PROTECTED_BY = (authorization: string): string =>
  ['token', 'group'].includes(authorization)
    ? `The route is protected by "${authorization}": another kind of credential opens it.`
    : `The route is protected by "${authorization}", so API Gateway does not ask the authorizer about it at all.`
