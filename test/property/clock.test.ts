import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Access } from '@countersign/core/access'
import { epochSeconds, type Redacted } from '@countersign/core/shared'
import { type KeyRing, SigningKey } from '@countersign/core/signing-key'
import { make as rotateKeyRing } from '@countersign/functions/rotation/rotate-key-ring'
import { mint, readKeyRing } from '@countersign/functions/runtime/mint'
import { LOCAL_ISSUER } from '@countersign/local'
import type { SecretsManagerRotationEvent } from 'aws-lambda'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { done, startWorld } from '../support/world.ts'
import { eventually } from './eventually.ts'
import { givenApi, givenConsumer, givenToken, type Issued } from './given.ts'
import { delivered, everyEvent, type LocalWorld, rowsOf } from './road.ts'
import { randomOf, seedOf, wholeBelow } from './seed.ts'

const DAY = 86_400_000
const SECOND = 1_000
const START = Date.parse('2026-03-01T12:00:00.250Z')

let now = START
const clock = () => new Date(now)

let root: string
let world: LocalWorld
const begin = async () => {
  world = await startWorld({ clock, data: join(root, 'data'), visibilityMilliseconds: 10 })
}
beforeEach(async () => {
  now = START
  root = mkdtempSync(join(tmpdir(), 'countersign-clock-'))
  await begin()
})
afterEach(async () => {
  await world.stop()
  rmSync(root, { recursive: true, force: true })
})

/** The next start sweeps, as the hourly timer does. */
const restarted = async () => {
  await world.stop()
  await begin()
}

const statusOf = async ({ presented }: Issued): Promise<number> =>
  (await world.call({ path: '/abc/v1/things', token: presented })).status

const claimsIn = (presented: string) =>
  JSON.parse(Buffer.from(presented.split('.')[1] ?? '', 'base64url').toString()) as {
    readonly iat: number
    readonly exp: number
  }

const given = async (expiresIn = '1h'): Promise<Issued> => {
  const consumer = await givenConsumer(world.client)
  await givenApi(world.client)
  const token = await givenToken(world.client, consumer, { expiresIn })
  await delivered(world.platform)
  return token
}

const rowOf = async ({ id }: Issued) => {
  const key = Access.tokenRowKey(id)
  return (await world.platform.services.accessRows.read([key])).get(key)
}

describe('a token', () => {
  it('is accepted until its exp, to the millisecond, and not at it nor after', async () => {
    const token = await given()
    const end = claimsIn(token.presented).exp * SECOND
    for (const [at, status] of [
      [end - 1, 200],
      [end, 401],
      [end + 1, 401],
      [end - 1, 200],
      [end + 4 * SECOND, 401],
      [end + 400 * DAY, 401],
    ] as const) {
      now = at
      expect(await statusOf(token), `${at - end} ms after its exp`).toBe(status)
    }
  })

  it('is accepted by a clock that is behind by the skew, and not by one further behind', async () => {
    const token = await given()
    const begun = claimsIn(token.presented).iat * SECOND
    for (const [at, status] of [
      [begun - 5 * SECOND, 200],
      [begun - 5 * SECOND - 1, 401],
      [begun - DAY, 401],
      [begun, 200],
    ] as const) {
      now = at
      expect(await statusOf(token), `${at - begun} ms after its iat`).toBe(status)
    }
  })

  it('that is over is shown as expired, and can neither be disabled nor enabled; revoking it is always possible', async () => {
    const token = await given()
    const disabled = await givenToken(world.client, await givenConsumer(world.client, 'other'), {
      expiresIn: '1h',
    })
    done(await world.client.tokens.disable(disabled.id))
    now = claimsIn(token.presented).exp * SECOND
    expect(done(await world.client.tokens.show(token.id)).state).toBe('expired')
    expect((await world.client.tokens.disable(token.id)).ok).toBe(false)
    expect((await world.client.tokens.enable(disabled.id)).ok).toBe(false)
    expect(done(await world.client.tokens.revoke(token.id, { reason: 'requested' })).state).toBe('revoked')
    expect(await statusOf(token)).toBe(401)
  })

  it('that was revoked stays refused whatever the clock does', async () => {
    const token = await given('30d')
    done(await world.client.tokens.revoke(token.id, { reason: 'requested' }))
    const random = randomOf(seedOf('clock'))
    for (let count = 0; count < 40; count++) {
      now = START + wholeBelow(random, 60 * DAY) - 2 * SECOND
      expect(await statusOf(token), new Date(now).toISOString()).toBe(401)
    }
  })
})

describe('a tombstone', () => {
  it('outlives the token it refuses by a day, and is swept then', async () => {
    const token = await given('2d')
    done(await world.client.tokens.revoke(token.id, { reason: 'requested' }))
    await delivered(world.platform)
    const end = claimsIn(token.presented).exp * SECOND
    for (const [at, there] of [
      [end, true],
      [end + DAY - 1, true],
      [end + DAY, true],
      [end + DAY + SECOND, false],
    ] as const) {
      now = at
      await restarted()
      expect(Access.refusalOf(await rowOf(token))?.why, `${at - end} ms after its exp`).toBe(
        there ? 'revoked' : undefined,
      )
      expect(await statusOf(token)).toBe(401)
    }
  })

  it('is not missed when its token is delivered again after the sweep', async () => {
    const token = await given('2d')
    done(await world.client.tokens.revoke(token.id, { reason: 'requested' }))
    await delivered(world.platform)
    now = claimsIn(token.presented).exp * SECOND + 3 * DAY
    await restarted()
    expect(await rowOf(token)).toBeUndefined()
    await world.platform.services.publisher.publish(await everyEvent(world.platform))
    await delivered(world.platform)
    expect(await statusOf(token)).toBe(401)
  })

  it('leaves nothing behind that a rebuild would not have', async () => {
    const short = await given('2d')
    const kept = await givenToken(world.client, await givenConsumer(world.client, 'other'), {
      expiresIn: '60d',
    })
    await delivered(world.platform)
    now += 10 * DAY
    await restarted()
    expect(await rowOf(short)).toBeUndefined()
    const rows = await rowsOf(world.platform)
    expect([rows.has(Access.tokenRowKey(short.id)), rows.has(Access.tokenRowKey(kept.id))]).toEqual([
      false,
      true,
    ])
    expect(await statusOf(kept)).toBe(200)
  })

  it('is not swept before a clock that was ahead by less than a day says so', async () => {
    const token = await given('2d')
    done(await world.client.tokens.revoke(token.id, { reason: 'requested' }))
    const end = claimsIn(token.presented).exp * SECOND
    now = end - SECOND + DAY
    await restarted() // sweeps with a clock that is a day ahead
    now = end - SECOND
    expect(await statusOf(token)).toBe(401)
    expect(Access.refusalOf(await rowOf(token))?.why).toBe('revoked')
  })
})

describe('a clock that was set back by an hour', () => {
  const AHEAD = START + 2 * 3_600 * SECOND
  const BACK = AHEAD - 3_600 * SECOND
  beforeEach(() => {
    now = AHEAD
  })

  it('refuses what is refused from then on, and keeps each log in the order in which it was said', async () => {
    const token = await given('2d')
    now = BACK
    done(await world.client.tokens.disable(token.id))
    done(await world.client.tokens.revoke(token.id, { reason: 'requested' }))
    await restarted()
    for (const at of [BACK, AHEAD, AHEAD + DAY]) {
      now = at
      expect(await statusOf(token)).toBe(401)
    }
    now = AHEAD
    const { items } = done(await world.client.audit.events({ entity: token.id, limit: 10 }))
    expect(items.map(({ type, entityversion }) => [type, entityversion])).toEqual([
      ['token.issued', 1],
      ['token.disabled', 2],
      ['token.revoked', 3],
    ])
    await rowsOf(world.platform)
  })

  it('suspends, resumes and locks down by what was said last, not by when', async () => {
    const consumer = await givenConsumer(world.client)
    await givenApi(world.client)
    const token = await givenToken(world.client, consumer, { expiresIn: '2d' })
    await delivered(world.platform)
    const lockdown = { everywhere: true, because: 'drill' } as const
    done(await world.client.consumers.suspend(consumer))
    done(await world.client.lockdowns.begin(lockdown))
    now = BACK
    done(await world.client.consumers.resume(consumer))
    done(await world.client.lockdowns.lift(lockdown))
    now = AHEAD
    expect(await statusOf(token)).toBe(200)
    now = BACK
    done(await world.client.lockdowns.begin(lockdown))
    now = AHEAD
    expect(await statusOf(token)).toBe(401)
  })

  it('lets nobody in with what it has not issued yet, and everybody once it is right again', async () => {
    const token = await given('2d')
    now = BACK
    expect(await statusOf(token)).toBe(401)
    now = AHEAD
    expect(await statusOf(token)).toBe(200)
  })

  it('signs with the key before one that does not sign yet, and every token is good when it is right again', async () => {
    const before = await given('2d')
    const { kid, signsFrom } = done(await world.client.signingKeys.rotate())
    now = BACK
    const consumer = await givenConsumer(world.client, 'back')
    const back = await givenToken(world.client, consumer, { expiresIn: '2d' })
    await delivered(world.platform)
    expect(await statusOf(back)).toBe(200)
    now = Date.parse(signsFrom) + SECOND
    const after = await givenToken(world.client, consumer, { expiresIn: '2d' })
    await delivered(world.platform)
    expect(done(await world.client.tokens.show(after.id)).kid).toBe(kid)
    for (const token of [before, back, after]) expect(await statusOf(token)).toBe(200)
    const { items } = done(await world.client.signingKeys.list())
    expect(items.filter(({ state }) => state === 'signing')).toHaveLength(1)
  })
})

describe('an Idempotency-Key', () => {
  it('is known for a day, and is free after it', async () => {
    const body = { name: 'billing', type: 'service', owner: 'payments' } as const
    const register = async () =>
      done(await world.client.consumers.register(body, { idempotencyKey: 'always-the-same' })).id
    const first = await register()
    now = START + DAY - SECOND
    await restarted()
    expect(await register()).toBe(first)
    now = START + DAY + SECOND
    await restarted()
    expect(await register()).not.toBe(first)
  })
})

describe('the pipeline', () => {
  it('delivers what a clock ahead of its time put off, once that clock is right again', async () => {
    const warnings: string[] = []
    const warned = ({ name }: Error) => warnings.push(name)
    process.on('warning', warned)
    const consumer = await givenConsumer(world.client)
    await givenApi(world.client)
    await delivered(world.platform)
    const { publisher } = world.platform.services
    const { publish } = publisher
    Object.assign(publisher, {
      publish: (...events: Parameters<typeof publish>) => {
        const published = publish(...events)
        now = START // set right before anybody looked into the queue
        return published
      },
    })
    now += 40 * DAY // further than a timer of Node's reaches
    const token = await givenToken(world.client, consumer)
    await eventually('the clock set right', () => (now === START ? true : undefined))
    await world.platform.drain()
    expect((await world.platform.services.pipeline.status()).subscriptions[0]?.waiting).toBe(1)
    Object.assign(publisher, { publish })
    now += 40 * DAY
    await delivered(world.platform)
    process.off('warning', warned)
    expect(warnings).toEqual([])
    expect(await statusOf(token)).toBe(200)
  })
})

describe('a rotation', () => {
  it('that died between its steps is taken up again under its key, however much later', async () => {
    const { keyRing } = world.platform.services
    const { promote } = keyRing
    const before = done(await world.client.signingKeys.list()).items.length
    const rotate = () => world.client.signingKeys.rotate({}, { idempotencyKey: 'the-same' })
    Object.assign(keyRing, {
      promote: async () => {
        throw new Error('the process is gone')
      },
    })
    expect((await rotate()).ok).toBe(false)
    Object.assign(keyRing, { promote })
    now += 3_600 * SECOND
    const first = done(await rotate())
    expect(done(await world.client.signingKeys.list()).items).toHaveLength(before + 1)
    expect(done(await rotate())).toEqual(first)
  })

  it('that died between the ring and the log is in the log after the next start', async () => {
    const { ledger } = world.platform.services
    Object.assign(ledger, {
      commit: async () => {
        throw new Error('the process is gone')
      },
    })
    expect((await world.client.signingKeys.rotate()).ok).toBe(false)
    await restarted()
    const { keys } = await readKeyRing(world.platform.services)
    const created = (await everyEvent(world.platform)).filter(({ type }) => type === 'signing-key.created')
    expect(keys).toHaveLength(2)
    expect(created.map(({ data }) => (data as { readonly kid: string }).kid)).toEqual(
      keys.map(({ kid }) => kid),
    )
  })

  it('whose answer was lost is not done twice', async () => {
    const { ledger } = world.platform.services
    const { commit } = ledger
    const before = done(await world.client.signingKeys.list()).items.length
    Object.assign(ledger, {
      commit: async () => {
        throw new Error('the process is gone')
      },
    })
    const rotate = (idempotencyKey: string) => world.client.signingKeys.rotate({}, { idempotencyKey })
    expect((await rotate('lost')).ok).toBe(false)
    Object.assign(ledger, { commit })
    now += 60 * SECOND
    done(await rotate('another'))
    now += 60 * SECOND
    const first = done(await rotate('lost'))
    const { items } = done(await world.client.signingKeys.list())
    expect(items).toHaveLength(before + 2)
    expect(items.map(({ kid }) => kid)).toContain(first.kid)
  })
})

describe('400 days of rotations, every 30 days and now and then by hand', () => {
  const random = randomOf(seedOf('rotations'))
  const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const
  const LONGEST = 365 * DAY

  interface Signed {
    readonly presented: Redacted<string>
    readonly end: number
  }

  const signNow = async (ring: KeyRing): Promise<Signed> => {
    const key = SigningKey.signingKey(ring, clock())
    if (!key) throw new Error('no key signs')
    const end = now + LONGEST
    const at = (milliseconds: number) => new Date(milliseconds).toISOString()
    const token = {
      id: `tok_${now}`,
      status: 'active',
      createdAt: at(now),
      consumerId: 'con_1',
      consumer: 'billing',
      grants: [],
      issuedAt: at(now),
      expiresAt: at(end),
      kid: key.kid,
    } as const
    return { presented: await mint(token, ring, LOCAL_ISSUER), end: epochSeconds(new Date(end)) * SECOND }
  }

  const rotate = async (ClientRequestToken: string) => {
    const step = rotateKeyRing(world.platform.services)
    for (const Step of STEPS) {
      const event: SecretsManagerRotationEvent = { Step, SecretId: 'KeyRing', ClientRequestToken }
      await step(event)
      if (random() < 0.3) await step(event) // every step may be repeated
      if (random() < 0.1) return // or be the last one that was heard of
    }
  }

  const expectOneSigns = (ring: KeyRing) => {
    const states = ring.keys.map((key) => SigningKey.stateOf(ring, key, clock()))
    expect(states.filter((state) => state === 'signing')).toHaveLength(1)
  }

  it('leave exactly one key signing at any instant, and every token good until its own end', async () => {
    const signed: Signed[] = []
    const kids = new Set<string>()
    for (let day = 0; day < 400; day++) {
      now = START + day * DAY
      if (day % 30 === 29 || random() < 0.02) await rotate(`rotation-${day}`)
      const { keys } = await readKeyRing(world.platform.services)
      for (const key of keys) kids.add(key.kid)
      // Just before, at and after each instant at which a key takes over, and some time of the day.
      const edges = keys.flatMap(({ signsFrom }) => [signsFrom * SECOND - 1, signsFrom * SECOND])
      const today = edges.filter((at) => at >= now && at < now + DAY)
      for (const at of [...today, now + wholeBelow(random, DAY)].toSorted((a, b) => a - b)) {
        now = Math.max(now, at)
        const ring = await readKeyRing(world.platform.services)
        expectOneSigns(ring)
        signed.push(await signNow(ring))
      }
      const verify = SigningKey.createVerifier(await readKeyRing(world.platform.services))
      const alive = signed.filter(({ end }) => end > now)
      expect(alive.filter(({ presented }) => !verify(presented).ok)).toEqual([])
    }
    expect(kids.size).toBeGreaterThan(10)
    const { keys } = await readKeyRing(world.platform.services)
    const log = (await everyEvent(world.platform)).filter(({ type }) => type === 'signing-key.retired')
    expect(keys.length + log.length).toBeLessThanOrEqual(kids.size)
    expect(new Set(signed.map(({ end }) => end > now))).toEqual(new Set([true, false]))
  })

  it('retire a key once no token can need it, and not before', async () => {
    const first = (await readKeyRing(world.platform.services)).keys[0]
    now = START + DAY
    done(await world.client.signingKeys.rotate())
    const [, second] = (await readKeyRing(world.platform.services)).keys
    const end = ((second?.signsFrom ?? 0) + 365 * 86_400) * SECOND
    const kidsNow = async () => (await readKeyRing(world.platform.services)).keys.map(({ kid }) => kid)
    now = end - 2 * SECOND
    await rotateNow('just-before')
    expect(await kidsNow()).toContain(first?.kid)
    now = end + SECOND
    await rotateNow('just-after')
    expect(await kidsNow()).not.toContain(first?.kid)
    const retired = (await everyEvent(world.platform)).filter(({ type }) => type === 'signing-key.retired')
    expect(retired.map(({ data }) => (data as { readonly kid: string }).kid)).toEqual([first?.kid])
  })

  const rotateNow = async (ClientRequestToken: string) => {
    const step = rotateKeyRing(world.platform.services)
    for (const Step of STEPS) await step({ Step, SecretId: 'KeyRing', ClientRequestToken })
  }
})
