import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signAs } from '../acceptance/given.ts'
import { sorted } from '../stacks/graph.ts'
import { sealKeyReady } from '../support/backdated.ts'
import { housing, questionWith } from './given.ts'
import { everyGrant, type Grant, otherRoles, textOf } from './least-privilege.grants.ts'
import { machinesStory } from './least-privilege.machines.ts'
import { probesIn } from './least-privilege.probes.ts'
import { roundsOf } from './least-privilege.rounds.ts'
import { justified, ROLES_OF_SERVICES } from './least-privilege.unjudged.ts'
import { setPolling, stopSchedules } from './levers.ts'
import { openEmulatorWorld } from './world.ts'

/** A round for each grant, on a machine that others keep busy as well. */
const PATIENCE_MILLISECONDS = 900_000

const world = await openEmulatorWorld({ enforceIam: true })
afterAll(() => world.stop())
await stopSchedules(world) // a job that somebody else runs meanwhile leaves nothing to do for the one that is probed
const { issue, signer, statusWith, statusOnce, opens } = await housing(world)
const good = await issue()
await opens(good.token)

const self = await signer()
/** Anew for each question: it lives for minutes, and the rounds may take as long. */
const tokenOf = async (by: 'platform' | 'consumer') => (by === 'consumer' ? await signAs(self) : good.token)
expect(await statusWith(await tokenOf('consumer'))).toBe(200)

await sealKeyReady(world.services) // seals and exports wait for it, whoever grants what

const grants = await everyGrant()
const unjudged = await justified()
const probes = await probesIn(world, {
  status: async (by) => statusOnce(await tokenOf(by)),
  question: async (by) => questionWith(await tokenOf(by)),
})

const names = (of: readonly Grant[]) => sorted(of.map(textOf))
const stay = new Set(names(unjudged))
const probed = grants.filter((grant) => !stay.has(textOf(grant)))
describe('the grants of the stacks', () => {
  it('are each probed, or named with a reason; what is named is there', () => {
    expect(names(unjudged)).toEqual(names(grants).filter((grant) => stay.has(grant)))
    for (const { reason } of unjudged) expect(reason.length).toBeGreaterThan(40)
    expect(probed.length).toBeGreaterThan(probes.size)
  })

  it('belong to functions, but for the roles that are named with a reason', async () => {
    expect(sorted(await otherRoles())).toEqual(sorted(Object.keys(ROLES_OF_SERVICES)))
  })
})

await machinesStory(world)

/** So that a role which is not enforced, or grants what nobody uses, does not go unnoticed. */
describe('a function without one of its grants', () => {
  let rounds: Awaited<ReturnType<typeof roundsOf>>
  beforeAll(async () => {
    // What is left for a probe to do is left by nobody else.
    for (const name of ['ProvisionUsagePlan', 'FanOutToWebhooks']) await setPolling(world, name, false)
    rounds = await roundsOf(world, probed, probes)
  }, PATIENCE_MILLISECONDS)

  it.each(probed.map(textOf))('misses %s, and works again with it', (grant) => {
    expect(rounds.get(grant)).toEqual({ without: 'failed', granted: 'done' })
  })
})
