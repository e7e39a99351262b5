import { randomUUID } from 'node:crypto'
import type { Api } from '@countersign/client'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../aws/eventually.ts'
import { type AnyWorld, done, openWorld } from '../support/world.ts'
import { auditLog, example, REPAIRS, TENANCIES } from './given.ts'

const HOUR_MINUTES = 60
const ROUTES = { tenancies: 4, repairs: 1 } as const

/** An API Hub with one API of a name of its own, and two places where it may live. */
const hubOf = (world: AnyWorld) => {
  const mark = randomUUID().slice(0, 8)
  const name = `housing-${mark}`
  const [here, there] = [TENANCIES, REPAIRS].map((at, index) => ({ ...at, gatewayId: `hub${mark}${index}` }))
  if (!here || !there) throw new Error('two places')
  const began = Date.now() - HOUR_MINUTES * 60_000
  const at = (minutes: number) => new Date(began + minutes * 60_000).toISOString()
  const publicationId = (what: string) => `${what}-${mark}`

  /** As EventBridge would deliver it, at least once and at any time. */
  const message = (type: string, minutes: number, detail: object) =>
    JSON.stringify({
      id: `event-${type}-${minutes}-${mark}`,
      source: 'api-hub',
      'detail-type': type,
      time: at(minutes),
      detail,
    })
  const deliver = (body: string) => world.deliver('RegisterPublishedApi', body)
  const say = async (type: string, minutes: number, detail: object) => {
    await deliver(message(type, minutes, detail))
    await world.settled()
  }
  const published = (minutes: number, document: keyof typeof ROUTES, where?: typeof TENANCIES, as = name) =>
    say('api-hub.api-published', minutes, {
      publicationId: publicationId(`publication-${minutes}`),
      name: as,
      owner: 'housing',
      openapi: example(document),
      ...(where && { deployments: [{ environment: 'staging', ...where }] }),
    })
  const withdrawn = (minutes: number, as = name) =>
    say('api-hub.api-withdrawn', minutes, {
      publicationId: publicationId(`withdrawal-${minutes}`),
      name: as,
    })
  /** What is registered under the name now, if anything is. */
  const registered = async (): Promise<Api | undefined> => {
    const shown = await world.client.apis.show(name)
    return shown.ok && shown.value.body.status === 'registered' ? shown.value.body : undefined
  }
  /** What came of all that was said, as the ledger has it. */
  const events = async () =>
    (await auditLog(world.client, { actor: 'api-hub' })).filter(({ correlationid }) =>
      correlationid.endsWith(mark),
    )
  const types = async () => (await events()).map(({ type }) => type)
  return {
    name,
    here,
    there,
    publicationId,
    message,
    deliver,
    say,
    published,
    withdrawn,
    registered,
    events,
    types,
  }
}

/** EventBridge promises neither order nor once; the registry has to end where the publisher said it last. */
describe('what the API Hub says', async () => {
  const world = await openWorld()
  afterAll(() => world.stop())
  let hub = hubOf(world)
  beforeEach(() => {
    hub = hubOf(world)
  })
  const dead = async () =>
    done(await world.client.pipeline.status()).subscriptions.find(
      ({ name }) => name === 'RegisterPublishedApi',
    )?.dead ?? 0

  it('twice has one effect', async () => {
    await hub.published(1, 'tenancies', hub.here)
    await hub.published(1, 'tenancies', hub.here)
    expect(await hub.types()).toEqual(['api.registered', 'api.deployed'])
  })

  it('twice has one rejection when it cannot be registered', async () => {
    const broken = {
      publicationId: hub.publicationId('broken'),
      name: hub.name,
      owner: 'housing',
      openapi: '{}',
    }
    await hub.say('api-hub.api-published', 1, broken)
    await hub.say('api-hub.api-published', 1, broken)
    expect(await hub.types()).toEqual(['api.registration-rejected'])
  })

  it('earlier, but arrives later, changes nothing', async () => {
    await hub.published(2, 'repairs', hub.there)
    await hub.published(1, 'tenancies', hub.here)
    expect(await hub.registered()).toMatchObject({ routes: { length: 1 }, deployments: [hub.there] })
  })

  it('earlier stays without effect when what was said last had been said before it, too', async () => {
    await hub.published(1, 'tenancies', hub.here)
    await hub.published(3, 'tenancies', hub.there)
    await hub.published(2, 'repairs', hub.here)
    expect(await hub.registered()).toMatchObject({ routes: { length: 4 }, deployments: [hub.there] })
  })

  it('by a clock that is ahead does not keep what is put over HTTP afterwards from being done', async () => {
    await hub.published(90, 'tenancies', hub.here)
    done(await world.client.apis.publish(hub.name, { owner: 'housing', openapi: example('repairs') }))
    expect(await hub.registered()).toMatchObject({ routes: { length: 1 } })
  })

  it('closes an API, and an earlier publication does not open it again', async () => {
    await hub.published(1, 'tenancies', hub.here)
    await hub.withdrawn(3)
    await hub.published(2, 'repairs', hub.here)
    expect(await hub.registered()).toBeUndefined()
  })

  it('opens it again when it was published after it was withdrawn, however late both arrive', async () => {
    await hub.published(1, 'tenancies', hub.here)
    await hub.withdrawn(2)
    await hub.published(3, 'repairs', hub.here)
    expect(await hub.registered()).toMatchObject({ routes: { length: 1 }, deployments: [hub.here] })
  })

  it('stays closed when it was withdrawn twice, and published in between comes last', async () => {
    await hub.published(1, 'tenancies', hub.here)
    await hub.withdrawn(2)
    await hub.withdrawn(4)
    await hub.published(3, 'repairs', hub.here)
    expect(await hub.registered()).toBeUndefined()
    await hub.published(5, 'repairs', hub.here)
    expect(await hub.registered()).toMatchObject({ routes: { length: 1 }, deployments: [hub.here] })
  })

  it('closes nothing when the same was published again after the withdrawal', async () => {
    await hub.published(1, 'tenancies', hub.here)
    await hub.published(3, 'tenancies', hub.here)
    await hub.withdrawn(2)
    expect(await hub.registered()).toMatchObject({ routes: { length: 4 } })
  })

  it('of an API that is not there is nothing to withdraw', async () => {
    await hub.withdrawn(1)
    expect(await hub.types()).toEqual([])
    await eventually('the log says why', async () =>
      (await world.logged()).some(
        ({ message, api }) => message === 'a publication was overtaken' && api === hub.name,
      ),
    )
  })

  it("never touches the platform's own API, in whatever case it is spelt", async () => {
    await hub.published(1, 'tenancies', hub.here, 'countersign')
    await hub.published(2, 'tenancies', hub.here, 'CounterSign')
    await hub.withdrawn(3, 'countersign')
    expect(await hub.types()).toEqual(['api.registration-rejected', 'api.registration-rejected'])
  })

  it('cannot give an API a name that reads as an id, under which nobody would find it', async () => {
    await hub.published(1, 'tenancies', hub.here, 'api_0123')
    expect(await hub.types()).toEqual(['api.registration-rejected'])
  })

  it('of the wrong form is rejected with every reason, what is no message fails alone, and neighbours are done with', async () => {
    const good = {
      publicationId: hub.publicationId('good'),
      name: hub.name,
      owner: 'housing',
      openapi: example('repairs'),
    }
    const bad = { ...good, publicationId: hub.publicationId('bad'), surprise: true }
    const deadBefore = await dead()
    await hub.deliver(hub.message('api-hub.api-published', 1, bad))
    await hub.deliver('not JSON')
    await hub.deliver(hub.message('api-hub.api-published', 2, good))
    await eventually('what is no message is a dead letter', async () => {
      await world.settled()
      return (await dead()) === deadBefore + 1
    })
    const events = await hub.events()
    expect(new Set(events.map(({ type }) => type))).toEqual(
      new Set(['api.registration-rejected', 'api.registered']),
    )
    expect(events.find(({ type }) => type === 'api.registration-rejected')).toMatchObject({
      actor: 'api-hub',
      causationid: JSON.parse(hub.message('api-hub.api-published', 1, bad)).id,
      data: {
        name: hub.name,
        publicationId: bad.publicationId,
        refusals: [{ pointer: '/surprise', code: 'unknown_member' }],
      },
    })
  })
})
