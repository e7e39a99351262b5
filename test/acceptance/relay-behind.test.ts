import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { only } from '../support/only.ts'
import { type AnyWorld, done, openWorld, startWorld } from '../support/world.ts'
import { consumer, example, publish, SHOW, TENANCIES } from './given.ts'

const HERE = { ...TENANCIES, gatewayId: 'beh123' }
const PATH = '/beh123/staging/api/v1/tenancies/7'

/** An API of this story alone, and holders of tokens that open one of its routes. */
const behind = async (world: AnyWorld) => {
  const { client } = world
  await world.attach(HERE.gatewayId)
  await publish(client, 'behind', { document: example('tenancies'), at: HERE })
  const issue = async (holder?: string) => {
    const grants = [{ api: 'behind', environment: 'staging', routes: [SHOW] }]
    const by = holder ?? (await consumer(client, 'Behind service')).id
    const { id, token = '' } = done(await client.tokens.issue({ consumer: by, grants, expiresIn: '1d' }))
    return { id, token, holder: by }
  }
  const statuses = (tokens: readonly { readonly token: string }[]) =>
    Promise.all(tokens.map(async ({ token }) => (await world.call({ path: PATH, token })).status))
  const held = [await issue(), await issue(), await issue(), await issue()] as const
  await world.settled()
  /** Three of them lose what they have, each in another way. */
  const takeAway = async () => {
    const [revoked, disabled, suspended] = held
    done(await client.tokens.revoke(revoked.id, { reason: 'compromised' }))
    done(await client.tokens.disable(disabled.id))
    done(await client.consumers.suspend(suspended.holder))
  }
  return { issue, held, statuses, takeAway }
}

describe('while the relay delivers nothing', async () => {
  const world = await openWorld()
  afterAll(() => world.stop())

  it('what was taken away is refused from the acknowledgement on, and what was given arrives when it catches up', async () => {
    const { issue, held, statuses, takeAway } = await behind(world)
    expect(await statuses(held)).toEqual([200, 200, 200, 200])
    const letRelayGo = await world.hold('Relay')
    const late = await issue()
    await takeAway()
    expect(await statuses([...held, late])).toEqual([401, 401, 401, 200, 401])
    await letRelayGo()
    await world.settled()
    expect(await statuses([...held, late])).toEqual([401, 401, 401, 200, 200])
    const { live, rebuilt } = await world.readModels()
    expect(live).toEqual(rebuilt)
  })
})

const twoMinutes = () => {
  let ahead = 0
  let world: AnyWorld
  beforeEach(async () => {
    ahead = 0
    world = await startWorld({ clock: () => new Date(Date.now() + ahead) })
  })
  afterEach(() => world.stop())

  it('still refuses what was taken away before, and catches up with events that are as old', async () => {
    const { issue, held, statuses, takeAway } = await behind(world)
    const letRelayGo = await world.hold('Relay')
    const late = await issue()
    await takeAway()
    ahead = 120_000
    expect(await statuses([...held, late])).toEqual([401, 401, 401, 200, 401])
    await letRelayGo()
    await world.settled()
    expect(await statuses([...held, late])).toEqual([401, 401, 401, 200, 200])
  })
}

only('local', 'nobody can move the clock of AWS', 'a relay that is two minutes behind', () =>
  describe('a relay that is two minutes behind', twoMinutes),
)
