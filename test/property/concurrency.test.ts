import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { IssuedToken, Outcome, Token } from '@countersign/client'
import { Consumer } from '@countersign/core/consumer'
import type { Cause } from '@countersign/core/events'
import { ALGORITHMS, digestOf } from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import { change } from '@countersign/functions/runtime/command'
import { consumerShape, loadConsumer } from '@countersign/functions/runtime/entities'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { callUrl, done, startWorld } from '../support/world.ts'
import { coordinatesOf, DOCUMENT, givenApi, givenConsumer, givenToken, type Issued } from './given.ts'
import { delivered, everyEvent, type LocalWorld, rowsOf } from './road.ts'

const HERE = ALGORITHMS.filter(SigningKey.isAvailable)

let world: LocalWorld
const begin = async (options: Parameters<typeof startWorld>[0] = {}) => {
  world = await startWorld(options)
  const { ledger, keyRing } = world.platform.services
  Object.assign(ledger, slowly(ledger))
  Object.assign(keyRing, slowly(keyRing))
}
beforeEach(() => begin())
afterEach(() => world.stop())

/** Every call takes a turn of the loop before and after, as over a network: what was read is old when it arrives. */
const slowly = <T extends object>(port: T): T =>
  Object.fromEntries(
    Object.entries(port).map(([name, call]: [string, (...given: unknown[]) => Promise<unknown>]) => [
      name,
      async (...given: unknown[]) => {
        await setImmediate()
        const answer = await call(...given)
        await setImmediate()
        return answer
      },
    ]),
  ) as T

const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<readonly T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)))

const codeOf = (outcome: Outcome<unknown>): string =>
  outcome.ok ? 'done' : outcome.error.reason === 'problem' ? outcome.error.problem.code : 'unreachable'

const typesOf = async (entity: string): Promise<readonly string[]> =>
  done(await world.client.audit.events({ entity, limit: 100 })).items.map(({ type }) => type)

const logOf = async (entity: string) => done(await world.client.audit.events({ entity, limit: 100 })).items

describe('50 writers of one entity', () => {
  it('that decided on the same version: exactly one is saved', async () => {
    const { ledger, newId } = world.platform.services
    const id = (await givenConsumer(world.client)) as `con_${string}`
    const loaded = await loadConsumer(ledger, id)
    if (!loaded.state) throw new Error('it was registered')
    const { state } = loaded
    const results = await times(50, (index) => {
      const cause: Cause = { actor: `con_${index}`, correlationId: 'race', now: new Date() }
      const facts = Consumer.suspend(state, undefined, cause)
      const { changes } = change(consumerShape, id, loaded, facts, { cause, newId })
      return ledger.commit({ entities: changes })
    })
    expect(results.filter(({ ok }) => ok)).toHaveLength(1)
    expect(await typesOf(id)).toEqual(['consumer.registered', 'consumer.suspended'])
  })

  it('over HTTP, all with the same wish: all are told that it is done, and it was done once', async () => {
    const consumer = await givenConsumer(world.client)
    await givenApi(world.client)
    const { id } = await givenToken(world.client, consumer)
    const outcomes = await times(50, () => world.client.tokens.revoke(id, { reason: 'requested' }))
    expect(outcomes.map(codeOf)).toEqual(Array.from({ length: 50 }, () => 'done'))
    expect(new Set(outcomes.map((outcome) => done(outcome).revokedAt)).size).toBe(1)
    expect(await typesOf(id)).toEqual(['token.issued', 'token.revoked'])
  })

  it('over HTTP, each insisting on the version it has read: one wins, the others are told', async () => {
    const id = await givenConsumer(world.client)
    const answers = await times(50, () =>
      callUrl(
        world.api,
        {
          method: 'POST',
          path: `/consumers/${id}/suspension`,
          token: world.credential,
          rawHeaders: ['if-match', '"1"', 'content-type', 'application/json'],
        },
        '{}',
      ),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 412)).toHaveLength(49)
    expect(await typesOf(id)).toEqual(['consumer.registered', 'consumer.suspended'])
  })

  it('over HTTP, in two minds: the log takes turns, without a gap, and the rows follow it', async () => {
    const consumer = await givenConsumer(world.client)
    await givenApi(world.client)
    const { id } = await givenToken(world.client, consumer)
    const outcomes = await times(50, (index) =>
      index % 2 === 0 ? world.client.tokens.disable(id) : world.client.tokens.enable(id),
    )
    // Who was overtaken ten times in a row is told to come again.
    expect(outcomes.map(codeOf).filter((code) => code !== 'done' && code !== 'conflict')).toEqual([])
    const log = await logOf(id)
    expect(log.length).toBeGreaterThan(1)
    expect(log.map(({ entityversion }) => entityversion)).toEqual(log.map((_, index) => index + 1))
    const previous = ['', ...log.slice(0, -1).map(digestOf)]
    expect(log.map(({ previoushash }) => previoushash)).toEqual(previous)
    for (const [index, { type }] of log.entries())
      expect(type).toBe(index === 0 ? 'token.issued' : index % 2 === 1 ? 'token.disabled' : 'token.enabled')
    await delivered(world.platform)
    await rowsOf(world.platform)
  })

  it('that register an API of one name: it is there once', async () => {
    const body = { owner: 'team', openapi: DOCUMENT, authorization: 'token' }
    const outcomes = await times(20, () => world.client.apis.publish('things', body))
    expect(new Set(outcomes.map(codeOf))).toEqual(new Set(['done']))
    expect(new Set(outcomes.map((outcome) => done(outcome).id)).size).toBe(1)
    const named = done(await world.client.apis.list()).items.filter(({ name }) => name === 'things')
    expect(named).toHaveLength(1)
  })
})

describe('two APIs that claim one deployment at once', () => {
  it.each([1, 2, 3])('leave it to one of them, and the other is told who was first (round %i)', async () => {
    const names = ['things', 'others'] as const
    for (const name of names)
      done(
        await world.client.apis.publish(name, { owner: 'team', openapi: DOCUMENT, authorization: 'token' }),
      )
    const outcomes = await Promise.all(
      names.map((name) => world.client.apis.deploy(name, 'staging', coordinatesOf('abc'))),
    )
    expect(outcomes.map(codeOf).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['deployment_taken', 'done'])
    const winner = names[outcomes.findIndex(({ ok }) => ok)]
    const shown = await Promise.all(names.map(async (name) => done(await world.client.apis.show(name))))
    expect(shown.filter(({ deployments }) => deployments.length > 0).map(({ name }) => name)).toEqual([
      winner,
    ])
    const deployed = (await everyEvent(world.platform)).filter(({ subject }) =>
      shown.some(({ id }) => id === subject),
    )
    expect(deployed.filter(({ type }) => type === 'api.deployed')).toHaveLength(1)
    await delivered(world.platform)
    await rowsOf(world.platform)
  })
})

describe('one Idempotency-Key, 20 times at once', () => {
  const asSaid = (outcome: Outcome<unknown>): string => {
    if (!outcome.ok) throw new Error(codeOf(outcome))
    return outcome.value.text
  }

  it('registers one consumer', async () => {
    const idempotencyKey = randomUUID()
    const body = { name: 'billing', type: 'service', owner: 'payments' } as const
    const outcomes = await times(20, () => world.client.consumers.register(body, { idempotencyKey }))
    expect(new Set(outcomes.map(asSaid)).size).toBe(1)
    const items = done(await world.client.consumers.list()).items
    expect(items.filter(({ name }) => name === 'billing')).toHaveLength(1)
  })

  it('issues one token, and shows the same bytes each time', async () => {
    const consumer = await givenConsumer(world.client)
    await givenApi(world.client)
    const grants = [{ api: 'things', environment: 'staging', routes: ['GET /things'] }]
    const idempotencyKey = randomUUID()
    const outcomes = await times(20, () =>
      world.client.tokens.issue({ consumer, grants, expiresIn: '1d' }, { idempotencyKey }),
    )
    expect(new Set(outcomes.map(asSaid)).size).toBe(1)
    const { token }: IssuedToken = done(outcomes[0] ?? fail())
    expect(token).toMatch(/^eyJ/)
    expect(done(await world.client.tokens.list({ consumer })).items).toHaveLength(1)
    await delivered(world.platform)
    expect((await world.call({ path: '/abc/v1/things', token: token ?? '' })).status).toBe(200)
  })

  it('makes one signing key', async () => {
    const before = done(await world.client.signingKeys.list()).items.length
    const idempotencyKey = randomUUID()
    const outcomes = await times(20, () => world.client.signingKeys.rotate({}, { idempotencyKey }))
    expect(new Set(outcomes.map(asSaid)).size).toBe(1)
    expect(done(await world.client.signingKeys.list()).items).toHaveLength(before + 1)
  })

  const fail = (): never => {
    throw new Error('nobody answered')
  }
})

describe('rotations at once', () => {
  it('lose no key: each that was acknowledged is in the ring and in the log, each other says who was faster', async () => {
    const before = done(await world.client.signingKeys.list()).items.map(({ kid }) => kid)
    const outcomes = await times(10, () => world.client.signingKeys.rotate())
    const made = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value.body.kid] : []))
    expect(made.length).toBeGreaterThan(0)
    expect(outcomes.filter(({ ok }) => !ok).map(codeOf)).toEqual(
      Array.from({ length: 10 - made.length }, () => 'rotation_superseded'),
    )
    const after = done(await world.client.signingKeys.list()).items.map(({ kid }) => kid)
    expect(new Set(after)).toEqual(new Set([...before, ...made]))
    const created = (await logOf('key-ring')).filter(({ type }) => type === 'signing-key.created')
    expect(new Set(created.map(({ data }) => data.kid))).toEqual(new Set(after))
  })
})

/** A clock that runs fifty times as fast, so that a new key begins to sign within milliseconds. */
const begun = Date.now()
const hurrying = () => new Date(begun + (Date.now() - begun) * 50)

describe('callers under way', () => {
  const CALLERS = 8

  /** Calls on and on, all callers at once, until told to stop; every status, with the instant the call began. */
  const callOnAndOn = (pick: (round: number) => Issued | undefined) => {
    let stopped = false
    const seen: { readonly token: string; readonly began: number; readonly status: number }[] = []
    const caller = async (offset: number) => {
      for (let round = offset; !stopped; round++) {
        const token = pick(round)
        if (!token) return
        const began = performance.now()
        const { status } = await world.call({ path: '/abc/v1/things', token: token.presented })
        seen.push({ token: token.id, began, status })
      }
    }
    const all = times(CALLERS, caller)
    return async () => {
      stopped = true
      await all
      return seen
    }
  }

  const given = async (count: number): Promise<readonly Issued[]> => {
    const consumer = await givenConsumer(world.client)
    await givenApi(world.client)
    const tokens = await times(count, () => givenToken(world.client, consumer))
    await delivered(world.platform)
    return tokens
  }

  it('during 200 revocations are not accepted once after any was acknowledged', async () => {
    const tokens = await given(200)
    // From here on nothing comes through the pipeline: what refuses was written by the command itself.
    Object.assign(world.platform.services.accessRows, {
      write: async () => {
        throw new Error('the pipeline stands still')
      },
    })
    let next = 0
    const stop = callOnAndOn((round) => tokens[(next + (round % 5)) % tokens.length])
    const acknowledged = new Map<string, number>()
    for (const [index, { id }] of tokens.entries()) {
      next = index
      done<Token>(await world.client.tokens.revoke(id, { reason: 'compromised' }))
      acknowledged.set(id, performance.now())
    }
    for (const { id, presented } of tokens)
      expect((await world.call({ path: '/abc/v1/things', token: presented })).status, id).toBe(401)
    const seen = await stop()
    const late = seen.filter(({ token, began }) => began > (acknowledged.get(token) ?? Infinity))
    expect(late.filter(({ status }) => status !== 401)).toEqual([])
    // Both must have happened, or nothing was raced.
    expect(seen.filter(({ status }) => status === 200).length).toBeGreaterThan(0)
    expect(late.length).toBeGreaterThan(0)
    expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([200, 401]))
  })

  it('during 25 rotations, each to another algorithm, are not refused once, and tokens issued meanwhile are good', async () => {
    await world.stop()
    await begin({ clock: hurrying })
    const tokens = [...(await given(3))]
    const { items } = done(await world.client.consumers.list())
    const consumer = items.find(({ name }) => name === 'billing')?.id ?? ''
    const stop = callOnAndOn((round) => tokens[round % tokens.length])
    for (let count = 0; count < 25; count++) {
      const algorithm = HERE[count % HERE.length]
      done(await world.client.signingKeys.rotate({ algorithm }))
      const issued = await givenToken(world.client, consumer)
      await delivered(world.platform)
      tokens.push(issued)
    }
    const seen = await stop()
    expect(seen.filter(({ status }) => status !== 200)).toEqual([])
    expect(new Set(seen.map(({ token }) => token)).size).toBeGreaterThan(3)
    // Keys really took turns at signing while the callers called.
    const issued = done(await world.client.tokens.list({ consumer, limit: 100 })).items
    expect(new Set(issued.map(({ kid }) => kid)).size).toBeGreaterThan(3)
    const keys = done(await world.client.signingKeys.list()).items
    expect(keys.length).toBeGreaterThan(25)
    expect(new Set(keys.map(({ algorithm }) => algorithm))).toEqual(new Set(HERE))
  })
})
