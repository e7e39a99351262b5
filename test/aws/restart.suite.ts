import { expect, it } from 'vitest'
import { done } from '../support/world.ts'
import { eventually } from './eventually.ts'
import type { Housed } from './given.ts'
import { pollAfresh, setPolling } from './levers.ts'
import type { EmulatorWorld } from './world.ts'

/**
 * The emulator forgets what was in a stream and not yet polled; AWS keeps it for a day, so nothing is left there here. It
 * keeps, however, how far it had read, which AWS would never have without the stream: the mapping is made again.
 */
export const restartStory = (world: EmulatorWorld, { issueAgain, statusWith, opens }: Housed): void => {
  it('keeps tokens, refusals and what waits in a queue over a restart of everything, and goes on', async () => {
    const [kept, revoked] = [await issueAgain(), await issueAgain()]
    await opens(kept.token)
    await opens(revoked.token)
    done(await world.client.tokens.revoke(revoked.id, { reason: 'requested' }))
    await world.settled()
    await setPolling(world, 'ProjectAccess', false)
    const late = await issueAgain()
    await eventually('the event waits in its queue', async () => {
      const { subscriptions } = await world.services.pipeline.status()
      return subscriptions.some(({ name, waiting }) => name === 'ProjectAccess' && waiting === 1)
    })
    await world.emulator.restart()
    expect([await statusWith(kept.token), await statusWith(revoked.token)]).toEqual([200, 401])
    expect(await statusWith(late.token)).toBe(401)
    await setPolling(world, 'ProjectAccess', true)
    await opens(late.token)
    expect(await statusWith(revoked.token)).toBe(401)
    await pollAfresh(world, 'Relay')
    const next = await issueAgain()
    await opens(next.token)
    done(await world.client.tokens.revoke(kept.id, { reason: 'requested' }))
    await world.settled()
    expect([await statusWith(kept.token), await statusWith(next.token)]).toEqual([401, 200])
  })
}
