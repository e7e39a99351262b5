import { Access } from '@countersign/core/access'
import { type Cause, type EventOf, type FactOf, recordFacts } from '@countersign/core/events'
import { type Api, type ApiChange, Registry } from '@countersign/core/registry'
import { applyWrite, digestOf, type RegisterWrite, type Row } from '@countersign/core/shared'
import { Token } from '@countersign/core/token'
import { newIds } from '../contract/changes.ts'

const NOW = new Date('2026-03-01T12:00:00.000Z')
const cause: Cause = { actor: 'con_operator', correlationId: 'request', now: NOW }
const newId = newIds()

const logOf = (subject: string, facts: readonly FactOf[]): readonly EventOf[] =>
  recordFacts(subject, { version: 0, head: '' }, facts, cause, newId)

export const TOKEN = 'tok_1'
export type TokenStep = 'disable' | 'enable' | 'reroll' | 'revoke'

/** The events of a token that was issued and then treated so; steps that would be refused bring none. */
export const tokenLife = (steps: readonly TokenStep[]): readonly EventOf[] => {
  const grants = [
    { apiId: 'api_1', api: 'things', environment: 'staging', routes: [{ method: 'GET', path: '/x' }] },
  ] as const
  const issue = {
    tokenId: TOKEN,
    consumerId: 'con_1',
    consumer: 'billing',
    expiresAt: '2026-06-01T00:00:00Z',
  } as const
  const facts = [
    ...Token.issue(
      { ...issue, grants: grants.map((grant) => ({ ...grant, routes: [...grant.routes] })) },
      'key_1',
      cause,
    ),
  ]
  for (const step of steps) {
    const token = facts.reduce<Token.Token | undefined>(
      (before, fact) => Token.evolve(before, fact, NOW.toISOString()),
      undefined,
    )
    if (!token) throw new Error('it was issued')
    const decided = {
      disable: () => Token.disable(token, undefined, cause),
      enable: () => Token.enable(token, cause),
      reroll: () => {
        const found = Token.rerollable(token, cause)
        return found.ok
          ? { ok: true as const, value: Token.supersede(found.value, 'tok_2', 0, cause) }
          : found
      },
      revoke: () => Token.revoke(token, { reason: 'requested' }, cause),
    }[step]()
    if (decided.ok) facts.push(...decided.value)
  }
  return logOf(TOKEN, facts)
}

export const COORDINATES = { accountId: '111111111111', region: 'eu-west-2', gatewayId: 'abc', stage: 'v1' }

export type ApiStep = 'update' | 'cache' | 'rules' | 'deregister'

/** Other rules at every step, and none at each third. */
const rulesAfter = (step: number) =>
  step % 3 === 2 ? [] : [{ group: `group-${step}`, routes: [{ method: 'GET' as const, path: '/x' }] }]

/** The events of an API on `COORDINATES`, taken for the `generation`-th time; `update` gives it another route. */
export const apiLife = (
  id: `api_${string}`,
  generation: number,
  steps: readonly ApiStep[],
): readonly EventOf[] => {
  const facts: ApiChange[] = []
  const described = (count: number) => ({
    name: 'things',
    owner: 'team',
    routes: [{ method: 'GET', path: `/${id}/${count}`, authorization: 'token' } as const],
    publishedAt: NOW.toISOString(),
  })
  const placed = (ttl: number) => ({
    environment: 'staging',
    coordinates: COORDINATES,
    authorizerCacheTtlSeconds: ttl,
  })
  facts.push(...Registry.register(id, described(0)))
  const stand = (): Api => {
    const api = facts.reduce<Api | undefined>(
      (before, fact) => Registry.evolve(before, fact, NOW.toISOString()),
      undefined,
    )
    if (!api) throw new Error('it was registered')
    return api
  }
  const deploy = (ttl: number) => {
    const owner = stand().deployments.length > 0 ? id : undefined
    const decided = Registry.deploy(stand(), placed(ttl), { owner, generation: generation - 1 })
    if (decided.ok) facts.push(...decided.value)
  }
  deploy(0)
  for (const [count, step] of steps.entries()) {
    if (stand().status === 'deregistered') break
    if (step === 'update') facts.push(...Registry.update(stand(), described(count + 1)))
    else if (step === 'cache') deploy(count + 1)
    else if (step === 'rules') facts.push(...Registry.changeRules(stand(), 'staging', rulesAfter(count)))
    else facts.push(...Registry.deregister(stand(), cause))
  }
  return logOf(id, facts)
}

/** A read model to write into. */
export class Rows {
  readonly rows = new Map<string, Row>()

  write(writes: readonly RegisterWrite[]): void {
    for (const one of writes) this.rows.set(one.row, applyWrite(this.rows.get(one.row), one))
  }

  /** What the command's own transaction writes. */
  commit(event: EventOf): void {
    this.write(Access.refusalsOf([event]))
  }

  /** What the projector writes, whenever it is told. */
  deliver(event: EventOf): void {
    this.write(Access.grantsOf(event))
  }

  get token(): Row | undefined {
    return this.rows.get(Access.tokenRowKey(TOKEN))
  }

  get deployment(): Row | undefined {
    return this.rows.get(Access.deploymentRowKey(COORDINATES, 0))
  }
}

/** Every order of the items there is. */
export function* permutations<T>(items: readonly T[]): Generator<readonly T[]> {
  if (items.length === 0) yield []
  for (const [index, item] of items.entries())
    for (const rest of permutations(items.toSpliced(index, 1))) yield [item, ...rest]
}

export const sameRows = (rows: ReadonlyMap<string, Row>): string =>
  digestOf(Object.fromEntries([...rows].map(([key, row]) => [key, { ...row }])))
