import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, type Terminal } from '@countersign/cli'
import { openDatabase, sqliteQueues } from '@countersign/local'
import { subscriptions } from '@countersign/topology'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { done, startWorld } from '../support/world.ts'
import { eventually } from './eventually.ts'
import { givenApi, givenConsumer, givenToken, type Issued } from './given.ts'
import { delivered, everyEvent, type LocalWorld, rowsOf } from './road.ts'

const LIMIT = subscriptions.ProjectAccess.maxReceiveCount

describe('a message whose handler always throws', () => {
  let world: LocalWorld
  let consumer: string
  let writes: number
  /** Rows whose writes fail. */
  let poisoned: Set<string>

  beforeEach(async () => {
    world = await startWorld({ visibilityMilliseconds: 10 })
    consumer = await givenConsumer(world.client, 'the-consumers-name')
    await givenApi(world.client)
    writes = 0
    poisoned = new Set()
    const { accessRows } = world.platform.services
    const { write } = accessRows
    Object.assign(accessRows, {
      write: async (...[given]: Parameters<typeof write>) => {
        if (given.some(({ row }) => poisoned.has(row))) {
          writes += 1
          throw new Error('the row is locked', { cause: new Error('somebody forgot to unlock it') })
        }
        await write(given)
      },
    })
  })
  afterEach(() => world.stop())

  const statusOf = async ({ presented }: Issued) =>
    (await world.call({ path: '/abc/v1/things', token: presented })).status

  /** The projection of this token fails from before its first delivery on. */
  const poisonedToken = async (): Promise<Issued> => {
    const { ledger } = world.platform.services
    const { commit } = ledger
    Object.assign(ledger, {
      commit: (...given: Parameters<typeof commit>) => {
        for (const { id } of given[0].entities) poisoned.add(`token#${id}`)
        return commit.apply(ledger, given)
      },
    })
    const issued = await givenToken(world.client, consumer)
    Object.assign(ledger, { commit })
    return issued
  }

  const accessStatus = async () => {
    const { subscriptions: all } = done(await world.client.pipeline.status())
    const found = all.find(({ name }) => name === 'ProjectAccess')
    if (!found) throw new Error('there is no such subscription')
    return found
  }
  const dead = (count: number) =>
    eventually(`${count} dead letters`, async () => {
      const found = await accessStatus()
      return found.dead === count ? found : undefined
    })

  /** What a person sees who types it. */
  const typed = async (...argv: string[]) => {
    let out = ''
    const terminal: Terminal = {
      out: (chunk) => {
        out += chunk.toString()
      },
      error: () => {},
      input: async () => '',
      interactive: false,
      environment: {
        COUNTERSIGN_ENDPOINT: world.api,
        COUNTERSIGN_CREDENTIAL: world.platform.credentialFile,
      },
      now: () => new Date(),
    }
    return { code: await run(argv, terminal), out }
  }

  it('is given up after the limit of receives, by itself, while the others flow on', async () => {
    const bad = await poisonedToken()
    const good = await givenToken(world.client, consumer)
    await eventually('the good token', async () => ((await statusOf(good)) === 200 ? true : undefined))
    const found = await dead(1)
    expect(writes).toBe(LIMIT)
    expect([found.waiting, found.inFlight]).toEqual([0, 0])
    expect(await statusOf(bad)).toBe(401)
    expect(await statusOf(await settled(await givenToken(world.client, consumer)))).toBe(200)
    expect(writes).toBe(LIMIT)
  })

  const settled = async <T>(value: T): Promise<T> => {
    await delivered(world.platform)
    return value
  }

  it('does not take the good messages of its batch down with it', async () => {
    const tokens = await Promise.all(Array.from({ length: 10 }, () => givenToken(world.client, consumer)))
    await delivered(world.platform)
    poisoned.add(`token#${tokens[3]?.id}`)
    // Once more and all together, so that one batch holds them all.
    const events = (await everyEvent(world.platform)).filter(({ type }) => type === 'token.issued')
    await world.platform.services.publisher.publish(events)
    await delivered(world.platform)
    expect((await accessStatus()).dead).toBe(1)
  })

  it('is shown with its last error and all causes, and without anything that its event says', async () => {
    const bad = await poisonedToken()
    const { deadLetters } = await dead(1)
    const issued = done(await world.client.audit.events({ entity: bad.id })).items[0]
    expect(deadLetters).toEqual([
      {
        eventId: issued?.id,
        eventType: 'token.issued',
        receives: LIMIT,
        lastError: 'Error: the row is locked; Error: somebody forgot to unlock it',
      },
    ])
    const shown = await typed('pipeline')
    expect(shown.code).toBe(0)
    expect(shown.out).toContain(issued?.id)
    expect(shown.out).toContain('token.issued')
    expect(shown.out).toContain('the row is locked')
    const raw = await typed('pipeline', '--json')
    for (const { out } of [shown, raw])
      for (const secret of [bad.presented, bad.id, consumer, 'the-consumers-name', 'things'])
        expect(out).not.toContain(secret)
  })

  it('is delivered by a redrive once the cause is gone', async () => {
    const bad = await poisonedToken()
    await dead(1)
    poisoned.clear()
    await delivered(world.platform)
    expect(await statusOf(bad)).toBe(401)
    const redriven = await typed('pipeline', 'redrive', 'ProjectAccess')
    expect([redriven.code, redriven.out]).toEqual([0, '1 dead letter of ProjectAccess put back.\n'])
    await eventually('the token', async () => ((await statusOf(bad)) === 200 ? true : undefined))
    expect((await dead(0)).deadLetters).toEqual([])
    await rowsOf(world.platform)
  })

  it('dies again after a redrive that came too early, and is redriven again', async () => {
    const bad = await poisonedToken()
    await dead(1)
    done(await world.client.pipeline.redrive('ProjectAccess'))
    await eventually('the second death', () => (writes === 2 * LIMIT ? true : undefined))
    await dead(1)
    poisoned.clear()
    done(await world.client.pipeline.redrive('ProjectAccess'))
    await delivered(world.platform)
    expect(await statusOf(bad)).toBe(200)
  })

  it('does not bring a revoked token back when it is redriven after the revocation', async () => {
    const bad = await poisonedToken()
    await dead(1)
    done(await world.client.tokens.revoke(bad.id, { reason: 'requested' }))
    await delivered(world.platform)
    poisoned.clear()
    while ((await accessStatus()).dead > 0) {
      done(await world.client.pipeline.redrive('ProjectAccess'))
      await delivered(world.platform)
    }
    expect(await statusOf(bad)).toBe(401)
    await rowsOf(world.platform)
  })
})

describe('a message that nobody can read', () => {
  it.each([
    ['an event without its members', { id: 'evt_1', secret: 'do-not-show-me' }],
    ['no object', 'do-not-show-me'],
    ['an event of the future', { specversion: '9.9', data: { note: 'do-not-show-me' } }],
  ])('is given up and shown without its content: %s', async (_, detail) => {
    const world = await startWorld({ visibilityMilliseconds: 10 })
    try {
      const { publisher } = world.platform.services
      // What the bus is handed is not checked by the bus; whoever reads it has to.
      const event = {
        ...Object(detail),
        id: randomUUID(),
        type: 'token.issued',
        time: new Date().toISOString(),
      }
      await publisher.publish([event])
      const { subscriptions: all } = await eventually('the dead letter', async () => {
        const status = done(await world.client.pipeline.status())
        const projector = status.subscriptions.find(({ name }) => name === 'ProjectAccess')
        return projector?.dead === 1 ? status : undefined
      })
      expect(all.find(({ name }) => name === 'ProjectAccess')?.deadLetters).toMatchObject([
        { eventId: event.id, eventType: 'token.issued', receives: LIMIT },
      ])
      expect(JSON.stringify(all)).not.toContain('do-not-show-me')
      const consumer = await givenConsumer(world.client)
      await givenApi(world.client)
      const good = await givenToken(world.client, consumer)
      await delivered(world.platform)
      expect((await world.call({ path: '/abc/v1/things', token: good.presented })).status).toBe(200)
    } finally {
      await world.stop()
    }
  })
})

describe('a message that is not JSON', () => {
  it('is given up, and not even its beginning is shown', async () => {
    const data = mkdtempSync(join(tmpdir(), 'countersign-poison-'))
    const world = await startWorld({ visibilityMilliseconds: 10, data })
    try {
      const file = openDatabase(join(data, 'countersign.sqlite'))
      const [queue, body] = ['ProjectAccess', 'do-not-show-me']
      sqliteQueues(file).send([{ queue, body, eventId: 'unknown', eventType: 'unknown', visibleAt: 0 }])
      file.close()
      const shown = await eventually('the dead letter', async () => {
        await world.platform.drain()
        const status = done(await world.client.pipeline.status())
        return status.subscriptions.some(({ dead }) => dead === 1) ? JSON.stringify(status) : undefined
      })
      expect(shown).toContain('the message is not JSON')
      expect(shown).not.toContain('do-not')
    } finally {
      await world.stop()
      rmSync(data, { recursive: true, force: true })
    }
  })
})

describe('a runtime that fails between two steps', () => {
  it.each(['received', 'handled', 'read-stream', 'published'] as const)(
    'tries again by itself after "%s"',
    async (broken) => {
      let failures = 0
      let breaking = false
      const onStep = (step: string) => {
        if (!breaking || step !== broken) return
        breaking = false
        failures += 1
        throw new Error('the disk was full for a moment')
      }
      const world = await startWorld({ visibilityMilliseconds: 10, onStep })
      try {
        const consumer = await givenConsumer(world.client)
        await givenApi(world.client)
        await delivered(world.platform)
        breaking = true
        const token = await givenToken(world.client, consumer)
        await eventually('the token', async () =>
          (await world.call({ path: '/abc/v1/things', token: token.presented })).status === 200
            ? true
            : undefined,
        )
        expect(failures).toBe(1)
      } finally {
        await world.stop()
      }
    },
  )
})
