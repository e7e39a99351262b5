import { setImmediate } from 'node:timers/promises'
import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { done, startWorld } from '../support/world.ts'
import { eventually } from './eventually.ts'
import { givenApi, givenConsumer, givenToken } from './given.ts'
import { delivered, type LocalWorld } from './road.ts'

const CALLERS = 8
/** Calls with one token before its caller asks for another. */
const CALLS_PER_TOKEN = 15

interface Tally {
  calls: number
  /** Callers that called since the last change of keys. */
  readonly lately: Set<number>
  readonly wronglyRefused: string[]
  readonly wronglyAccepted: string[]
  readonly algorithms: Set<string>
}

describe('three rotations, one of them to another algorithm, and an emergency, with eight callers at it', () => {
  const tally: Tally = {
    calls: 0,
    lately: new Set(),
    wronglyRefused: [],
    wronglyAccepted: [],
    algorithms: new Set(),
  }
  /** Keys that somebody asked to give up, and those of which it was acknowledged. */
  const [asked, acknowledged] = [new Set<string>(), new Set<string>()]
  let world: LocalWorld
  let refusedAfter = 0

  const call = async (token: string, kid: string): Promise<void> => {
    const [good, over] = [!asked.has(kid), acknowledged.has(kid)]
    const { status } = await world.call({ path: '/abc/v1/things', token })
    tally.calls += 1
    if (good && !asked.has(kid) && status !== 200) tally.wronglyRefused.push(`${kid}: ${status}`)
    if (over && status < 400) tally.wronglyAccepted.push(kid)
    if (over && status === 401) refusedAfter += 1
  }

  /** Calls with the newest token that it could get, and with the first one that it had. */
  const caller = async (index: number, consumer: string, isOver: () => boolean): Promise<void> => {
    const { presented: first } = await givenToken(world.client, consumer)
    const { kid: firstKid = '' } = decodeProtectedHeader(first)
    while (!isOver()) {
      const { presented } = await givenToken(world.client, consumer)
      const { kid = '', alg = '' } = decodeProtectedHeader(presented)
      tally.algorithms.add(alg)
      await delivered(world.platform)
      for (let count = 0; count < CALLS_PER_TOKEN; count++) {
        await call(presented, kid)
        await setImmediate()
      }
      await call(first, firstKid)
      tally.lately.add(index)
    }
  }

  /** Whatever just happened to the keys, everybody has had a token since, and called with it. */
  const everybodyCalled = async () => {
    tally.lately.clear()
    await eventually('calls of every caller', () => tally.lately.size === CALLERS || undefined)
  }

  const signs = async (kid: string) =>
    eventually(`${kid} signs`, async () => {
      const { items } = done(await world.client.signingKeys.list())
      return items.some((key) => key.kid === kid && key.state === 'signing') || undefined
    })

  beforeAll(async () => {
    world = await startWorld()
    await givenApi(world.client)
    const consumer = await givenConsumer(world.client)
    const held = await givenToken(world.client, consumer)
    await delivered(world.platform)
    let over = false
    const callers = Promise.all(
      Array.from({ length: CALLERS }, (_, index) => caller(index, consumer, () => over)),
    )
    const first = decodeProtectedHeader(held.presented).kid ?? ''
    let signing = ''
    for (const algorithm of ['HS512', 'ES256', 'HS512']) {
      await everybodyCalled()
      signing = done(await world.client.signingKeys.rotate({ algorithm })).kid
      await signs(signing)
      await everybodyCalled()
      await call(held.presented, first)
    }
    const stolen = await givenToken(world.client, consumer)
    await delivered(world.platform)
    await call(stolen.presented, signing)
    asked.add(signing)
    const { kid } = done(await world.client.signingKeys.compromise(signing, { note: 'found in a log' }))
    acknowledged.add(signing)
    await call(stolen.presented, signing)
    await signs(kid)
    await everybodyCalled()
    await call(held.presented, first)
    await call(stolen.presented, signing)
    over = true
    await callers
  })
  afterAll(() => world.stop())

  it('refuse nobody whose token is good', () => {
    expect(tally.calls).toBeGreaterThan(CALLERS * CALLS_PER_TOKEN)
    expect(tally.algorithms).toEqual(new Set(['HS512', 'ES256']))
    expect(tally.wronglyRefused).toEqual([])
  })

  it('let nobody in with the key that was given up, from its acknowledgement on', () => {
    expect(refusedAfter).toBeGreaterThan(0)
    expect(tally.wronglyAccepted).toEqual([])
  })
})
