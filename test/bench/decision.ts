import { createHmac, createSecretKey } from 'node:crypto'
import { Access } from '@countersign/core/access'
import { Redacted } from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import { answerOf } from '@countersign/functions/authorizer/answer'
import { make } from '@countersign/functions/authorizer/authorize'
import { readCredentials } from '@countersign/functions/authorizer/credentials'
import { judge } from '@countersign/functions/authorizer/judge'
import { questionOf } from '@countersign/functions/authorizer/question'
import { processServices } from '@countersign/functions/runtime/process-services'
import { atMost, type Bench, type Figure } from './figure.ts'
import { interleaved, median, type Samples } from './measure.ts'
import { ISSUER, type Subject, subjectOf } from './subject.ts'

/** Registered routes, and how many of them the token opens. */
const SIZES = [
  [1, 1],
  [20, 5],
  [200, 20],
] as const

const SETTINGS = { issuer: ISSUER, ringRefreshSeconds: 3_600 } as const

/** One whole decision in process, the store in memory, and its parts, each by itself. */
export const decision: Bench = async () => {
  const figures: Figure[] = []
  for (const [registered, granted] of SIZES) figures.push(...(await decisionOver(registered, granted)))
  return figures
}

const decisionOver = async (registered: number, granted: number): Promise<readonly Figure[]> => {
  const { works, anew } = await worksOf(subjectOf(registered, granted))
  const measured = await interleaved(works, { rounds: 200, batch: 50, warmUp: 4_000 })
  const made = await interleaved({ anew, beside: works.bare }, { rounds: 60, batch: 1 })
  const what = `${registered} route${registered === 1 ? '' : 's'} registered, ${granted} granted`
  const { bare, whole, ...parts } = measured
  const figure = (name: string, part: Samples, beside: Samples = bare): Figure => ({
    name: `decision, ${registered}: ${name}`,
    value: median(part),
    unit: 'µs',
    against: what,
    ratio: median(part) / median(beside),
  })
  return [
    {
      ...figure('whole', whole),
      limit: atMost(60),
      against: `${what}; bare HMAC ${median(bare).toFixed(1)} µs`,
    },
    ...Object.entries(parts).map(([name, part]) => figure(name, part)),
    figure('policy made anew', made.anew, made.beside),
  ]
}

const worksOf = async (subject: Subject) => {
  const { accessRows, event, now, rows } = subject
  const services = { ...processServices, clock: () => now, log: () => {}, settings: SETTINGS, accessRows }
  const readers = {
    ...services,
    keyRing: subject.ringReader,
    consumerKeyRings: () => ({ current: async () => undefined }),
  }
  const authorize = make(readers)
  const verifier = SigningKey.createVerifier(subject.ring)
  const presented = new Redacted(subject.token)
  const judged = await judge(questionOf(event), readCredentials(readers), services, now)
  const { claims, request } = judged
  const verified = verifier(presented)
  if (!claims || !request || !verified.ok || !judged.decision.ok)
    throw new Error('the subject is not let through')
  const { binding, opened } = judged.decision.value
  const keys = [...rows.keys()]
  const [token, deployment, fence] = keys.map((key) => rows.get(key))
  const key = createSecretKey(subject.secret)
  const signed = subject.token.slice(0, subject.token.lastIndexOf('.'))
  const works = {
    bare: () => createHmac('sha512', key).update(signed).digest(),
    whole: () => authorize(event),
    verify: () => verifier(presented),
    claims: () => Access.readClaims(verified.value.kid, verified.value.payload, ISSUER, now),
    rows: () => accessRows.read(keys),
    decide: () => Access.decide(claims, request, { principal: token, deployment, fence }, now),
    policy: () => answerOf(judged, 'dec_0'),
  }
  return { works, anew: () => Access.wholePolicy(request.stageArn, binding.routes, opened) }
}
