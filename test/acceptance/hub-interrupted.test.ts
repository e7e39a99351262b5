import { make } from '@countersign/functions/subscribers/register-published-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { only } from '../support/only.ts'
import { example, REPAIRS, TENANCIES } from './given.ts'
import { polled, standStill } from './one-machine.ts'

const at = (minutes: number) => new Date(Date.parse('2026-03-01T12:00:00Z') + minutes * 60_000)

/** Handlers run side by side on AWS. */
const interrupted = () => {
  let machine = standStill(at(60))
  let receive = make(machine.services)
  beforeEach(() => {
    machine = standStill(at(60))
    receive = make(machine.services)
  })
  afterEach(() => machine.close())

  const say = async (type: string, minutes: number, detail: object) => {
    const id = `event-${type}-${minutes}`
    const body = { id, source: 'api-hub', 'detail-type': type, time: at(minutes).toISOString(), detail }
    const { batchItemFailures } = await receive(polled([{ id: 1, body: JSON.stringify(body) }]))
    expect(batchItemFailures).toEqual([])
  }
  const published = (minutes: number, document: 'tenancies' | 'repairs', where: typeof TENANCIES) =>
    say('api-hub.api-published', minutes, {
      publicationId: `publication-${minutes}`,
      name: 'housing',
      owner: 'housing',
      openapi: example(document),
      deployments: [{ environment: 'staging', ...where }],
    })
  const withdrawn = (minutes: number) =>
    say('api-hub.api-withdrawn', minutes, { publicationId: `withdrawal-${minutes}`, name: 'housing' })
  const registered = async () => {
    const query = { labels: ['status=registered'], limit: 10, after: undefined }
    const { items } = await machine.services.ledger.list<object>('api', query)
    return items.map(({ state }) => state)
  }
  const types = async () =>
    (await machine.services.ledger.events({ limit: 100, after: undefined })).items.map(({ type }) => type)

  /** `work` happens between what the next one reads and what it writes. */
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
}

only(
  'local',
  'nobody can stand between what a deployed function reads and what it writes',
  'what the API Hub says, while something else it said is being worked on',
  () => describe('what the API Hub says, while something else it said is being worked on', interrupted),
)
