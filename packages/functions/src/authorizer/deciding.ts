import type { AccessRowReader } from '@countersign/core/access'
import * as Access from '@countersign/core/access/module'
import type { DecisionRecord, FailureLine } from '@countersign/core/decision-log'
import type { ConsumerKeyRingReaders, KeyRingReader } from '@countersign/core/signing-key'
import type { Services } from '../runtime/services.ts'
import { readCredentials } from './credentials.ts'
import { failureOf, noting } from './failure.ts'
import { firstUses } from './first-uses.ts'
import { type Judged, judge } from './judge.ts'
import { questionOf, type Shape } from './question.ts'

/** What the authorizer needs: it reads the read model and the key ring, and writes nothing. */
export interface AuthorizerServices extends Pick<Services, 'clock' | 'newId' | 'settings' | 'log'> {
  readonly accessRows: AccessRowReader
  readonly keyRing: KeyRingReader
  readonly consumerKeyRings: ConsumerKeyRingReaders
}

/** How one entry point answers. */
export interface Answering<A> {
  /** The shapes it can answer; any other is refused. */
  readonly shapes: readonly Shape[]
  /** A last look at what was decided; it can only refuse. */
  readonly narrowed?: (judged: Judged) => Judged
  readonly answer: (judged: Judged, decisionId: string, shape: Shape) => A
}

/**
 * Decides, logs, and answers in the form that was asked for. Throws exactly `Unauthorized` for 401, and lets every
 * failure of a store through as it is, which API Gateway answers with 500: never Allow.
 */
export const deciding = <A>(services: AuthorizerServices, { shapes, narrowed, answer }: Answering<A>) => {
  const accessRows: AccessRowReader = {
    read: (keys) => noting('read_model_unavailable', services.accessRows.read(keys)),
  }
  const reading = { ...services, accessRows }
  const credentials = readCredentials(reading)
  const isFirstUse = firstUses()
  return async (event: unknown): Promise<A> => {
    const begun = performance.now()
    const decisionId = services.newId('decision')
    const asked = questionOf(event)
    const question = asked && shapes.includes(asked.shape) ? asked : undefined
    const now = services.clock()
    const recordOf = (): DecisionRecord => {
      const latencyMilliseconds = tenths(performance.now() - begun)
      return { message: 'decision', decisionId, latencyMilliseconds }
    }
    const found = await judge(question, credentials, reading, now).catch((error: unknown) => {
      const line: FailureLine = { outcome: 'error', reason: failureOf(error) }
      services.log({ level: 'error', ...recordOf(), ...line })
      throw error
    })
    const judged = narrowed ? narrowed(found) : found
    const firstUse = isFirstUse(judged.line, now) ? ({ firstUse: true } as const) : undefined
    services.log({ level: 'info', ...recordOf(), ...judged.line, ...firstUse })
    if (!question || isUnauthorized(judged)) throw new Error('Unauthorized') // exactly this message becomes 401
    return answer(judged, decisionId, question.shape)
  }
}

const isUnauthorized = ({ decision }: Judged): boolean =>
  !decision.ok && Access.CHALLENGES[decision.error.reason] === 'invalid_token'

const tenths = (milliseconds: number): number => Math.round(milliseconds * 10) / 10
