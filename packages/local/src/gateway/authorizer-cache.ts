import type { AuthorizerCaches } from '@countersign/core/registry'
import type { AuthorizerAnswer } from './authorizer-answer.ts'

const MOST_ENTRIES = 10_000

interface Entry {
  readonly answer: AuthorizerAnswer
  readonly until: number
}

/** What API Gateway keeps of an authorizer's answers: the policy, per stage and identity source, for the TTL. 401s are not kept. */
export interface AuthorizerCache {
  get(stage: string, identity: string, now: number): AuthorizerAnswer | undefined
  put(stage: string, identity: string, answer: AuthorizerAnswer, until: number): void
  /** As `FlushStageAuthorizersCache`: the whole stage. */
  flush(stage: string): void
}

export const createAuthorizerCache = (): AuthorizerCache => {
  const stages = new Map<string, Map<string, Entry>>()
  return {
    get: (stage, identity, now) => {
      const entry = stages.get(stage)?.get(identity)
      return entry && entry.until > now ? entry.answer : undefined
    },
    put: (stage, identity, answer, until) => {
      const entries = stages.get(stage) ?? new Map<string, Entry>()
      if (entries.size >= MOST_ENTRIES) entries.clear()
      stages.set(stage, entries.set(identity, { answer, until }))
    },
    flush: (stage) => {
      stages.delete(stage)
    },
  }
}

/** How a stage is told from the others: one gateway is all there is, whatever accounts its deployments say. */
export const stageNameOf = ({
  gatewayId,
  stage,
}: {
  readonly gatewayId: string
  readonly stage: string
}): string => `${gatewayId}/${stage}`

/** The emulation's cache as the platform flushes it. */
export const cachesOf = (cache: AuthorizerCache): AuthorizerCaches => ({
  flush: async (stage) => {
    cache.flush(stageNameOf(stage))
    return 'flushed'
  },
})
