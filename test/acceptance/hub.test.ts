import { make as registerApi } from '@countersign/functions/http/register-api'
import type { LogLine } from '@countersign/functions/runtime/services'
import { make } from '@countersign/functions/subscribers/register-published-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { example, REPAIRS, TENANCIES } from './given.ts'
import { polled, proxied, standStill } from './one-machine.ts'

const at = (minutes: number) => new Date(Date.parse('2026-03-01T12:00:00Z') + minutes * 60_000)
const ROUTES = { tenancies: 4, repairs: 1 } as const

/** EventBridge promises neither order nor once; the registry has to end where the publisher said it last. */
describe('what the API Hub says', () => {
  const clock = at(60)
  let machine = standStill(clock)
  let receive = make(machine.services)
  beforeEach(() => {
    machine = standStill(clock)
    receive = make(machine.services)
  })
  afterEach(() => machine.close())

  const say = async (type: string, minutes: number, detail: object, id = `event-${type}-${minutes}`) => {
    const body = { id, source: 'api-hub', 'detail-type': type, time: at(minutes).toISOString(), detail }
    const { batchItemFailures } = await receive(polled([{ id: 1, body: JSON.stringify(body) }]))
    expect(batchItemFailures).toEqual([])
  }
  const published = (
    minutes: number,
    document: keyof typeof ROUTES,
    where?: typeof TENANCIES,
    name = 'housing',
  ) =>
    say('api-hub.api-published', minutes, {
      publicationId: `publication-${minutes}`,
      name,
      owner: 'housing',
      openapi: example(document),
      ...(where && { deployments: [{ environment: 'staging', ...where }] }),
    })
  const withdrawn = (minutes: number, name = 'housing') =>
    say('api-hub.api-withdrawn', minutes, { publicationId: `withdrawal-${minutes}`, name })
  const registered = async () => {
    const query = { labels: ['status=registered'], limit: 10, after: undefined }
    const { items } = await machine.services.ledger.list<{
      readonly name: string
      readonly routes: readonly unknown[]
      readonly deployments: readonly { readonly coordinates: object }[]
    }>('api', query)
    return items.map(({ state }) => state)
  }
  const types = async () =>
    (await machine.services.ledger.events({ limit: 100, after: undefined })).items.map(({ type }) => type)

  it('twice has one effect', async () => {
    await published(1, 'tenancies', TENANCIES)
    await published(1, 'tenancies', TENANCIES)
    expect(await types()).toEqual(['api.registered', 'api.deployed'])
  })

  it('twice has one rejection when it cannot be registered', async () => {
    const broken = { publicationId: 'p', name: 'housing', owner: 'housing', openapi: '{}' }
    await say('api-hub.api-published', 1, broken)
    await say('api-hub.api-published', 1, broken)
    expect(await types()).toEqual(['api.registration-rejected'])
  })

  it('earlier, but arrives later, changes nothing', async () => {
    await published(2, 'repairs', REPAIRS)
    await published(1, 'tenancies', TENANCIES)
    expect(await registered()).toMatchObject([
      { routes: { length: 1 }, deployments: [{ coordinates: REPAIRS }] },
    ])
  })

  it('earlier stays without effect when what was said last had been said before it, too', async () => {
    await published(1, 'tenancies', TENANCIES)
    await published(3, 'tenancies', REPAIRS)
    await published(2, 'repairs', TENANCIES)
    expect(await registered()).toMatchObject([
      { routes: { length: 4 }, deployments: [{ coordinates: REPAIRS }] },
    ])
  })

  /** Handlers run side by side on AWS: `work` happens between what the next one reads and what it writes. */
  const inBetween = (work: () => Promise<void>) => {
    const { ledger } = machine.services
    const { commit } = ledger
    let pending: typeof work | undefined = work
    const interrupted: typeof commit = async (change) => {
      const now = pending
      pending = undefined
      await now?.()
      return commit(change)
    }
    Object.assign(ledger, { commit: interrupted })
  }

  it('later goes before what was said earlier and is still being worked on', async () => {
    inBetween(() => published(2, 'repairs', REPAIRS))
    await published(1, 'tenancies', TENANCIES)
    expect(await registered()).toMatchObject([
      { routes: { length: 1 }, deployments: [{ coordinates: REPAIRS }] },
    ])
  })

  it('closes no API that is published again while the withdrawal is worked on', async () => {
    await published(1, 'tenancies', TENANCIES)
    inBetween(() => published(3, 'repairs', REPAIRS))
    await withdrawn(2)
    expect(await registered()).toMatchObject([{ routes: { length: 1 } }])
  })

  it('opens no API that is withdrawn while an earlier publication is worked on', async () => {
    await published(1, 'tenancies', TENANCIES)
    inBetween(() => withdrawn(3))
    await published(2, 'repairs', REPAIRS)
    expect(await registered()).toEqual([])
    expect(await types()).not.toContain('api.registration-rejected')
  })

  it('by a clock that is ahead does not keep what is put over HTTP afterwards from being done', async () => {
    await published(90, 'tenancies', TENANCIES)
    const put = registerApi(machine.services)
    const body = { owner: 'housing', openapi: example('repairs') }
    const { statusCode } = await put(proxied('PUT /apis/{name}', { name: 'housing' }, body))
    expect(statusCode).toBe(200)
    expect(await registered()).toMatchObject([{ routes: { length: 1 } }])
  })

  it('closes an API, and an earlier publication does not open it again', async () => {
    await published(1, 'tenancies', TENANCIES)
    await withdrawn(3)
    await published(2, 'repairs', TENANCIES)
    expect(await registered()).toEqual([])
  })

  it('opens it again when it was published after it was withdrawn, however late both arrive', async () => {
    await published(1, 'tenancies', TENANCIES)
    await withdrawn(2)
    await published(3, 'repairs', TENANCIES)
    expect(await registered()).toMatchObject([
      { routes: { length: 1 }, deployments: [{ coordinates: TENANCIES }] },
    ])
  })

  it('closes nothing when the same was published again after the withdrawal', async () => {
    await published(1, 'tenancies', TENANCIES)
    await published(3, 'tenancies', TENANCIES)
    await withdrawn(2)
    expect(await registered()).toMatchObject([{ routes: { length: 4 } }])
  })

  it('of an API that is not there is nothing to withdraw', async () => {
    await withdrawn(1)
    expect(await types()).toEqual([])
    expect(machine.lines.map(({ message }: LogLine) => message)).toEqual(['a publication was overtaken'])
  })

  it("never touches the platform's own API, in whatever case it is spelt", async () => {
    await published(1, 'tenancies', TENANCIES, 'countersign')
    await published(2, 'tenancies', TENANCIES, 'CounterSign')
    await withdrawn(3, 'countersign')
    expect(await types()).toEqual(['api.registration-rejected', 'api.registration-rejected'])
  })

  it('cannot give an API a name that reads as an id, under which nobody would find it', async () => {
    await published(1, 'tenancies', TENANCIES, 'api_0123')
    expect(await types()).toEqual(['api.registration-rejected'])
  })

  it('of the wrong form is rejected with every reason, what is no message fails alone, and neighbours are done with', async () => {
    const good = { publicationId: 'p', name: 'housing', owner: 'housing', openapi: example('repairs') }
    const body = (detail: object) =>
      JSON.stringify({
        id: 'e',
        source: 'api-hub',
        'detail-type': 'api-hub.api-published',
        time: at(1).toISOString(),
        detail,
      })
    const batch = [
      { id: 1, body: body({ ...good, surprise: true }) },
      { id: 2, body: 'not JSON' },
      { id: 3, body: body(good) },
    ]
    const { batchItemFailures } = await receive(polled(batch))
    expect(batchItemFailures).toEqual([{ itemIdentifier: '2' }])
    expect(await types()).toEqual(['api.registration-rejected', 'api.registered'])
    const { items } = await machine.services.ledger.events({
      type: 'api.registration-rejected',
      limit: 10,
      after: undefined,
    })
    expect(items[0]).toMatchObject({
      actor: 'api-hub',
      causationid: 'e',
      data: {
        name: 'housing',
        publicationId: 'p',
        refusals: [{ pointer: '/surprise', code: 'unknown_member' }],
      },
    })
  })
})
