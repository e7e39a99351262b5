import { Access } from '@countersign/core/access'
import type { EventOf } from '@countersign/core/events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { startWorld } from '../support/world.ts'
import { chooser, isRefused, newStory, type Story } from './kill-story.ts'
import {
  type ApiStep,
  apiLife,
  permutations,
  Rows,
  sameRows,
  TOKEN,
  type TokenStep,
  tokenLife,
} from './lives.ts'
import {
  delivered,
  everyEvent,
  expectRefusals,
  type LocalWorld,
  perform,
  REFUSED,
  rowsOf,
  statusOf,
} from './road.ts'
import { randomOf, seedOf, shuffled } from './seed.ts'

const SEED = seedOf('orders')

const TOKEN_STEPS: readonly TokenStep[] = ['disable', 'enable', 'reroll', 'revoke']
const API_STEPS: readonly ApiStep[] = ['update', 'cache', 'rules', 'deregister']

const rebuilt = (events: readonly EventOf[]) => sameRows(Access.rebuild(events))

describe('a row of the read model', () => {
  it.each<{ steps: TokenStep[] }>([
    { steps: ['revoke'] },
    { steps: ['disable', 'enable'] },
    { steps: ['disable', 'enable', 'revoke'] },
    { steps: ['reroll', 'revoke'] },
    { steps: ['disable', 'enable', 'reroll', 'revoke'] },
    { steps: ['disable', 'enable', 'disable', 'revoke'] },
    { steps: ['disable', 'enable', 'disable', 'enable', 'revoke'] },
  ])('of a token is the same in every order of its events: issue, $steps', ({ steps }) => {
    const life = tokenLife(steps)
    expect(life).toHaveLength(steps.length + 1)
    for (const order of permutations(life)) {
      const rows = new Rows()
      for (const event of life) rows.commit(event)
      for (const event of order) rows.deliver(event)
      expect(sameRows(rows.rows)).toBe(rebuilt(life))
    }
  })

  it('of a token is the same when commands and deliveries come in any order at all', () => {
    const life = tokenLife(['disable', 'enable', 'revoke'])
    for (const order of permutations(life)) {
      const rows = new Rows()
      for (const event of order) {
        rows.deliver(event)
        rows.commit(event)
      }
      expect(sameRows(rows.rows)).toBe(rebuilt(life))
    }
  })

  it('of a deployment is the same in every order of the events of both APIs that had it', () => {
    const first = apiLife('api_1', 1, ['update', 'deregister'])
    const second = apiLife('api_2', 2, ['update'])
    const all = [...first, ...second]
    expect(all).toHaveLength(7)
    for (const order of permutations(all)) {
      const rows = new Rows()
      for (const event of all) rows.commit(event)
      for (const event of order) rows.deliver(event)
      expect(sameRows(rows.rows)).toBe(rebuilt(all))
      expect(Access.bindingOf(rows.deployment)?.apiId).toBe('api_2')
    }
  })

  /** Commands in their order; between them, deliveries of anything said so far, any number of times. */
  const interleaved = (
    life: readonly EventOf[],
    deliveries: readonly (readonly number[])[],
    check: (rows: Rows, said: readonly EventOf[]) => void,
  ) => {
    const rows = new Rows()
    for (const [index, event] of life.entries()) {
      rows.commit(event)
      const said = life.slice(0, index + 1)
      check(rows, said)
      for (const draw of deliveries[index] ?? []) {
        const late = said[draw % said.length]
        if (late) rows.deliver(late)
        check(rows, said)
      }
    }
    for (const event of life) rows.deliver(event)
    check(rows, life)
    expect(sameRows(rows.rows)).toBe(rebuilt(life))
  }
  const deliveries = fc.array(fc.array(fc.nat(), { maxLength: 6 }), { maxLength: 12 })

  it('refuses a token from the command that says so until one that takes it back, whatever is delivered between', () => {
    const steps = fc.array(fc.constantFrom(...TOKEN_STEPS), { maxLength: 9 })
    const property = fc.property(steps, deliveries, (life, drawn) =>
      interleaved(tokenLife(life), drawn, ({ token }, said) => {
        const last = said.at(-1)?.type
        if (last === 'token.disabled' || last === 'token.revoked')
          expect(Access.refusalOf(token)).toBeDefined()
        if (said.some(({ type }) => type === 'token.rerolled'))
          expect(Access.supersededOf(token)).toBeDefined()
        if (last === 'token.revoked') expect(Access.refusalOf(token)?.why).toBe('revoked')
      }),
    )
    fc.assert(property, { seed: SEED, numRuns: 500 })
  })

  it('never opens what an update took away, nor an API that was closed', () => {
    const steps = fc.array(fc.constantFrom(...API_STEPS), { maxLength: 6 })
    const property = fc.property(steps, deliveries, (life, drawn) =>
      interleaved(apiLife('api_1', 1, life), drawn, ({ deployment }, said) => {
        const binding = Access.bindingOf(deployment)
        const newest = said.findLast(({ type }) => type === 'api.updated' || type === 'api.registered')
        if (said.at(-1)?.type === 'api.deregistered') expect(binding).toBeUndefined()
        else if (binding) expect(newest?.data).toMatchObject({ routes: binding.routes })
      }),
    )
    fc.assert(property, { seed: SEED, numRuns: 500 })
  })

  it('lets no group open what the last command about rules, or the closing, took from it', () => {
    const steps = fc.array(fc.constantFrom(...API_STEPS), { maxLength: 8 })
    const property = fc.property(steps, deliveries, (life, drawn) =>
      interleaved(apiLife('api_1', 1, life), drawn, ({ deployment }, said) => {
        const rules = Access.rulesOf(deployment)?.rules ?? []
        const newest = said.findLast(({ type }) => type === 'access-rule.changed')
        const wanted = newest?.type === 'access-rule.changed' ? newest.data.rules : []
        if (said.at(-1)?.type === 'api.deregistered') expect(rules).toEqual([])
        else expect(rules).toEqual(wanted)
      }),
    )
    fc.assert(property, { seed: SEED, numRuns: 500 })
  })

  it('of a deployment has the rules of the API that has it, in every order', () => {
    const all = [...apiLife('api_1', 1, ['rules', 'cache', 'deregister']), ...apiLife('api_2', 2, [])]
    expect(all).toHaveLength(7)
    for (const order of permutations(all)) {
      const rows = new Rows()
      for (const event of all) rows.commit(event)
      for (const event of order) rows.deliver(event)
      expect(sameRows(rows.rows)).toBe(rebuilt(all))
      expect(Access.rulesOf(rows.deployment)?.rules).toEqual([])
    }
  })

  it('keeps the refusal of a token that is delivered again long after', () => {
    const life = tokenLife(['disable', 'enable', 'revoke'])
    const rows = new Rows()
    for (const event of life) rows.commit(event)
    for (const event of [...life, ...life.toReversed(), ...life]) {
      rows.deliver(event)
      expect(Access.refusalOf(rows.token)?.why, `${TOKEN} after ${event.type}`).toBe('revoked')
    }
  })
})

/** A read model that cannot be written to now and then, until it is mended. */
const makeUnreliable = ({ platform }: LocalWorld, random: () => number): (() => void) => {
  const { accessRows } = platform.services
  const { write } = accessRows
  Object.assign(accessRows, {
    write: async (...given: Parameters<typeof write>) => {
      if (random() < 0.5) throw new Error('the store is not there')
      await write(...given)
    },
  })
  return () => Object.assign(accessRows, { write })
}

const redriveAll = async ({ platform, client }: LocalWorld): Promise<number> => {
  await delivered(platform)
  const redriven = await client.pipeline.redrive('ProjectAccess')
  await delivered(platform)
  return redriven.ok ? redriven.value.body.redriven : 0
}

const COMMANDS = 70

describe('a pipeline that duplicates, delays, reorders and fails', () => {
  const tell = async (world: LocalWorld, story: Story, random: () => number): Promise<void> => {
    const choose = chooser(story)
    for (let count = 0; count < COMMANDS; count++) {
      await perform(world, choose(random))
      const last = story.tokens.at(-1)
      if (last && isRefused(last)) expect(REFUSED).toContain(await statusOf(world, last))
      if (random() < 0.2) await expectRefusals(world, story)
      if (random() < 0.05) await world.client.pipeline.redrive('ProjectAccess')
    }
  }

  it.each([0, 1, 2])('lets no refusal be undone, and ends as the log has it (story %i)', async (offset) => {
    const random = randomOf(SEED + offset)
    const adversity = { random, duplicate: 0.5, delayMilliseconds: 60, reorder: true }
    const world = await startWorld({ adversity, visibilityMilliseconds: 10 })
    try {
      await delivered(world.platform) // the operator's own credential comes over the same road
      const story = newStory()
      const mend = makeUnreliable(world, random)
      await tell(world, story, random)
      await delivered(world.platform)
      await expectRefusals(world, story)
      mend()
      while ((await redriveAll(world)) > 0) await expectRefusals(world, story)
      const rows = await rowsOf(world.platform)
      for (const token of story.tokens)
        expect(await statusOf(world, token), `${token.id} ${token.state}`).toBe(isRefused(token) ? 401 : 200)

      // An archive of the bus is replayed, in any order.
      await world.platform.services.publisher.publish(shuffled(random, await everyEvent(world.platform)))
      await delivered(world.platform)
      expect(await rowsOf(world.platform)).toEqual(rows)
    } finally {
      await world.stop()
    }
  })
})
