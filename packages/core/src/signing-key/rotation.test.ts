import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ALGORITHMS } from '../shared/algorithm.ts'
import { LONGEST_TOKEN_SECONDS } from '../shared/environment.ts'
import { Redacted } from '../shared/redacted.ts'
import { err, ok } from '../shared/result.ts'
import { newKeyMaterial } from './key-material.ts'
import type { KeyRingStore } from './key-ring-store.ts'
import { isAvailable } from './public-key.ts'
import { MOST_KEYS, signingKey } from './ring.ts'
import { createSecret, finishSecret, type RotationContext, rotate, testSecret } from './rotation.ts'
import { readRing, writeRing } from './secret.ts'

const START = 1_000_000
const REFRESH = 60

/** Versions and stages as Secrets Manager has them: a version's text never changes, each stage is on one version. */
const secretsManager = () => {
  const versions = new Map<string, Redacted<string>>()
  const stages = new Map<'AWSCURRENT' | 'AWSPENDING', string>()
  const store: KeyRingStore = {
    current: async () => {
      const versionId = stages.get('AWSCURRENT')
      const text = versionId === undefined ? undefined : versions.get(versionId)
      return versionId !== undefined && text ? { versionId, text } : undefined
    },
    version: async (versionId) => versions.get(versionId),
    stage: async (versionId, text) => {
      if (!versions.has(versionId)) versions.set(versionId, text)
      stages.set('AWSPENDING', versionId)
    },
    promote: async (versionId, from) => {
      if (stages.get('AWSCURRENT') !== from) return err({ reason: 'rotation_superseded' })
      stages.set('AWSCURRENT', versionId)
      return ok(undefined)
    },
  }
  return { store, versions, stages }
}

const world = () => {
  let ids = 0
  let now = START
  const secrets = secretsManager()
  const context = (more: Partial<RotationContext> = {}): RotationContext => ({
    store: secrets.store,
    newId: (kind) => `${kind}_${++ids}` as never,
    randomBytes: (count) => createHash('sha512').update(`random ${++ids}`).digest().subarray(0, count),
    algorithm: 'HS512',
    now: new Date(now * 1_000),
    refreshSeconds: REFRESH,
    ...more,
  })
  const ring = async () => {
    const current = await secrets.store.current()
    return current ? readRing(current.text) : { keys: [] }
  }
  const kids = async () => (await ring()).keys.map(({ kid }) => kid)
  const pass = (seconds: number) => {
    now += seconds
  }
  return { ...secrets, context, ring, kids, pass, now: () => new Date(now * 1_000) }
}

const reasonOf = (result: { readonly ok: boolean; readonly error?: { readonly reason: string } }) =>
  result.ok ? 'done' : result.error?.reason

describe('a rotation', () => {
  it('makes the first key, which signs at once', async () => {
    const { context, ring, now } = world()
    const rotated = await rotate('r1', context())
    const current = await ring()
    expect(rotated.ok && rotated.value.kid).toBe(signingKey(current, now())?.kid)
  })

  it('adds a key that signs after two refreshes, and keeps the others', async () => {
    const { context, ring, kids, pass, now } = world()
    await rotate('r1', context())
    const [first] = await kids()
    await rotate('r2', context())
    expect(await kids()).toHaveLength(2)
    pass(2 * REFRESH - 1)
    expect(signingKey(await ring(), now())?.kid).toBe(first)
    pass(1)
    expect(signingKey(await ring(), now())?.kid).not.toBe(first)
  })

  it('may repeat each of its steps, and all of them, and adds one key', async () => {
    const { context, kids } = world()
    await rotate('r1', context())
    for (const step of [
      createSecret,
      createSecret,
      testSecret,
      testSecret,
      finishSecret,
      finishSecret,
      testSecret,
      rotate,
    ])
      await step('r2', context())
    expect(await kids()).toHaveLength(2)
    expect(reasonOf(await finishSecret('r2', context()))).toBe('done')
  })

  it('does nothing before it was started', async () => {
    const { context } = world()
    expect(reasonOf(await testSecret('r1', context()))).toBe('rotation_not_started')
    expect(reasonOf(await finishSecret('r1', context()))).toBe('rotation_not_started')
  })

  it('finishes only with a key ring that passes the test, even when nobody asked for the test', async () => {
    const { context, store, kids } = world()
    await rotate('r1', context())
    await store.stage('r2', writeRing({ keys: [] }))
    expect(reasonOf(await finishSecret('r2', context()))).toBe('rotation_not_started')
    const other = world()
    other.context().newId('key')
    await rotate('r1', other.context())
    await store.stage('r3', writeRing(await other.ring()))
    const before = await kids()
    expect(reasonOf(await testSecret('r3', context()))).toBe('rotation_loses_keys')
    expect(reasonOf(await finishSecret('r3', context()))).toBe('rotation_loses_keys')
    expect(await kids()).toEqual(before)
  })

  it.each(ALGORITHMS.filter((one) => one !== 'HS512' && isAvailable(one)))(
    'refuses a ring in which a key of %s does not verify what it signs, and leaves the one before',
    async (algorithm) => {
      const { context, store, ring, kids, pass } = world()
      await rotate('r1', context())
      await createSecret('r2', context({ algorithm }))
      const [good, other] = [
        await store.version('r2'),
        await newKeyMaterial(algorithm, context().randomBytes),
      ]
      const { keys } = readRing(good ?? new Redacted(''))
      const added = keys.at(-1)
      if (!added || added.algorithm === 'HS512' || other.algorithm === 'HS512') throw new Error('no pair')
      const crossed = { ...added, publicKey: other.publicKey }
      await store.stage('r3', writeRing({ keys: [...keys.slice(0, -1), crossed] }))
      const refused = { ok: false, error: { reason: 'canary_refused', kid: added.kid } }
      expect(await testSecret('r3', context())).toEqual(refused)
      expect(await finishSecret('r3', context())).toEqual(refused)
      expect(await kids()).toHaveLength(1)
      pass(1)
      expect(reasonOf(await rotate('r2', context({ algorithm })))).toBe('done')
      expect((await ring()).keys.map((key) => key.algorithm)).toEqual(['HS512', algorithm])
    },
  )

  it('moves nothing any more once it is done', async () => {
    const { context, store } = world()
    await rotate('r1', context())
    const promote = () => Promise.reject(new Error('moved again'))
    expect(reasonOf(await finishSecret('r1', context({ store: { ...store, promote } })))).toBe('done')
  })

  it('throws, and changes nothing, when the pending text is damaged', async () => {
    const { context, store, kids } = world()
    await rotate('r1', context())
    await store.stage('r2', new Redacted('{"version":1'))
    await expect(testSecret('r2', context())).rejects.toThrow('cannot be read')
    await expect(finishSecret('r2', context())).rejects.toThrow('cannot be read')
    expect(await kids()).toHaveLength(1)
  })

  it.for([0, 1, 2])('that died after %d of its steps never blocks the next one', async (steps) => {
    const { context, kids, stages } = world()
    await rotate('r1', context())
    for (const step of [createSecret, testSecret].slice(0, steps)) await step('dead', context())
    expect(reasonOf(await rotate('r2', context()))).toBe('done')
    expect(await kids()).toHaveLength(2)
    expect(stages.get('AWSPENDING')).toBe('r2')
    const before = await kids()
    expect(reasonOf(await rotate('dead', context()))).toBe(steps === 0 ? 'done' : 'rotation_loses_keys')
    expect((await kids()).slice(0, 2)).toEqual(before)
  })

  it('that died and is taken up in time goes on', async () => {
    const { context, kids, pass } = world()
    await rotate('r1', context())
    await createSecret('r2', context())
    pass(REFRESH)
    expect(reasonOf(await rotate('r2', context()))).toBe('done')
    expect(await kids()).toHaveLength(2)
  })

  it('that died and is taken up too late is refused: its key would sign before authorizers know it', async () => {
    const { context, kids, pass } = world()
    await rotate('r1', context())
    await createSecret('r2', context())
    pass(REFRESH + 1)
    expect(reasonOf(await testSecret('r2', context()))).toBe('rotation_too_late')
    expect(reasonOf(await finishSecret('r2', context()))).toBe('rotation_too_late')
    expect(await kids()).toHaveLength(1)
    expect(reasonOf(await rotate('r3', context()))).toBe('done')
  })

  it('that died and is taken up too late is refused in a ring of many keys as well', async () => {
    const { context, pass } = world()
    for (const rotationId of ['r1', 'r2', 'r3']) await rotate(rotationId, context())
    pass(3 * REFRESH)
    await createSecret('r4', context())
    pass(REFRESH)
    expect(reasonOf(await testSecret('r4', context()))).toBe('done')
    pass(1)
    expect(reasonOf(await testSecret('r4', context()))).toBe('rotation_too_late')
  })

  it('that died is taken up however late in a ring that nobody has to learn of first', async () => {
    const { context, kids, pass } = world()
    const ofConsumer = () => context({ refreshSeconds: 0 })
    await rotate('r1', ofConsumer())
    await createSecret('r2', ofConsumer())
    pass(10 * REFRESH)
    expect(reasonOf(await rotate('r2', ofConsumer()))).toBe('done')
    expect(await kids()).toHaveLength(2)
  })

  it('that is done is done however late its steps are repeated', async () => {
    const { context, kids, pass } = world()
    await rotate('r1', context())
    await rotate('r2', context())
    pass(10 * REFRESH)
    for (const step of [testSecret, finishSecret]) expect(reasonOf(await step('r2', context()))).toBe('done')
    expect(await kids()).toHaveLength(2)
  })
})

/** A process that is gone at one of its calls, before or after it had its effect; nothing it does then has any. */
const dying = (store: KeyRingStore, at: number, when: 'before' | 'after'): KeyRingStore => {
  let calls = 0
  const gone = () => {
    throw new Error('the process is gone')
  }
  const call = async <T>(effect: () => Promise<T>): Promise<T> => {
    const mine = calls++
    if (mine > at || (mine === at && when === 'before')) gone()
    const result = await effect()
    return mine === at ? gone() : result
  }
  return {
    current: () => call(() => store.current()),
    version: (id) => call(() => store.version(id)),
    stage: (id, text) => call(() => store.stage(id, text)),
    promote: (id, from) => call(() => store.promote(id, from)),
  }
}

describe.each(ALGORITHMS.filter(isAvailable))('a rotation to %s that dies', (algorithm) => {
  const CALLS = 10
  const deaths = Array.from(
    { length: 2 * CALLS },
    (_, one) => [one >> 1, one % 2 ? 'after' : 'before'] as const,
  )

  it('makes so many calls, each of which may be its last', async () => {
    const { context, store } = world()
    await rotate('r1', context())
    const alive = dying(store, CALLS, 'before')
    expect(reasonOf(await rotate('r2', context({ algorithm, store: alive })))).toBe('done')
    await expect(alive.current()).rejects.toThrow('gone')
  })

  it.each(deaths)('at call %d, %s its effect, is done when it is taken up again', async (at, when) => {
    const { context, store, ring, kids, pass, now } = world()
    await rotate('r1', context())
    const [first = ''] = await kids()
    await expect(rotate('r2', context({ algorithm, store: dying(store, at, when) }))).rejects.toThrow('gone')
    expect((await kids())[0]).toBe(first)
    for (const step of [createSecret, testSecret, finishSecret])
      expect(reasonOf(await step('r2', context({ algorithm })))).toBe('done')
    const after = await ring()
    expect(after.keys.map((key) => [key.kid === first, key.algorithm])).toEqual([
      [true, 'HS512'],
      [false, algorithm],
    ])
    expect(signingKey(after, now())?.kid).toBe(first)
    pass(2 * REFRESH)
    expect(signingKey(after, now())?.algorithm).toBe(algorithm)
  })

  it.each(deaths)('at call %d, %s its effect, never blocks another', async (at, when) => {
    const { context, store, ring, kids } = world()
    await rotate('r1', context())
    const [first = ''] = await kids()
    await expect(rotate('dead', context({ algorithm, store: dying(store, at, when) }))).rejects.toThrow(
      'gone',
    )
    const before = await kids()
    expect(reasonOf(await rotate('r3', context({ algorithm: 'EdDSA' })))).toBe('done')
    expect((await kids()).slice(0, before.length)).toEqual(before)
    expect((await ring()).keys).toHaveLength(before.length + 1)
    expect(before[0]).toBe(first)
  })
})

describe('the ring', () => {
  it('is full at some time: a rotation is refused and leaves nothing behind', async () => {
    const { context, kids, pass, versions } = world()
    for (let count = 0; count < MOST_KEYS; count++)
      expect(reasonOf(await rotate(`r${count}`, context()))).toBe('done')
    const kept = versions.size
    expect(reasonOf(await createSecret('more', context()))).toBe('key_ring_full')
    expect(reasonOf(await rotate('more', context()))).toBe('key_ring_full')
    expect([versions.size, (await kids()).length]).toEqual([kept, MOST_KEYS])
    pass(LONGEST_TOKEN_SECONDS + 2 * REFRESH)
    expect(reasonOf(await rotate('more', context())), 'once the oldest are gone').toBe('done')
    expect(await kids()).toHaveLength(2)
  })

  it('that is full has room for the successor of a key that was given up', async () => {
    const { context, ring, kids, now } = world()
    for (let count = 0; count < MOST_KEYS; count++) await rotate(`r${count}`, context())
    const [stolen = ''] = await kids()
    expect(reasonOf(await rotate('emergency', context({ compromised: stolen })))).toBe('done')
    expect(await kids()).toHaveLength(MOST_KEYS)
    expect(signingKey(await ring(), now())?.kid).toBe((await kids()).at(-1))
  })

  it('that is full fits into a secret of 65,536 bytes, whatever its keys are', async () => {
    const { context } = world()
    const algorithm = isAvailable('ML-DSA-44') ? 'ML-DSA-44' : 'ES256'
    const key = {
      kid: `key_${'f'.repeat(32)}`,
      ...(await newKeyMaterial(algorithm, context().randomBytes)),
      createdAt: 1_790_000_000,
      signsFrom: 1_790_000_000,
    } as const
    const text = writeRing({ keys: Array.from({ length: MOST_KEYS }, () => key) })
    expect(Buffer.byteLength(text.reveal())).toBeLessThan(65_536)
  })

  it('whose one key was given up signs with the next one at once', async () => {
    const { context, ring, kids, now } = world()
    await rotate('r1', context())
    const [only = ''] = await kids()
    expect(reasonOf(await rotate('r2', context({ compromised: only, algorithm: 'ES256' })))).toBe('done')
    const after = await ring()
    expect(after.keys.map(({ kid }) => kid)).not.toContain(only)
    expect(signingKey(after, now())?.algorithm).toBe('ES256')
  })
})

describe('two rotations at once', () => {
  type Step = (context: RotationContext) => Promise<unknown>
  const steps = (rotation: string): readonly Step[] => [
    (context) => createSecret(rotation, context),
    (context) => testSecret(rotation, context),
    (context) => finishSecret(rotation, context),
  ]

  /** Every way to merge the three steps of one with the three of the other. */
  const merges = (left: readonly Step[], right: readonly Step[]): readonly (readonly Step[])[] => {
    const [a, ...restLeft] = left
    const [b, ...restRight] = right
    if (!a || !b) return [[...left, ...right]]
    return [
      ...merges(restLeft, right).map((rest) => [a, ...rest]),
      ...merges(left, restRight).map((rest) => [b, ...rest]),
    ]
  }

  it('in any order of their steps: one wins or both do, one after the other, and nothing is lost', async () => {
    const orders = merges(steps('a'), steps('b'))
    expect(orders).toHaveLength(20)
    for (const order of orders) {
      const { context, kids, ring, now } = world()
      await rotate('r1', context())
      const before = await kids()
      const results = []
      for (const step of order) results.push(await step(context()))
      const finished = results.filter(
        (result) => (result as { ok?: boolean; value?: { kid?: string } })?.value?.kid,
      )
      const after = await kids()
      expect(after.slice(0, before.length)).toEqual(before)
      expect(after).toHaveLength(before.length + finished.length)
      expect(finished.length).toBeGreaterThanOrEqual(1)
      expect(signingKey(await ring(), now())?.kid).toBe(before[0])
    }
  })

  it('truly together: one wins, the other is told so', async () => {
    const { context, kids } = world()
    await rotate('r1', context())
    const results = await Promise.all([rotate('a', context()), rotate('b', context())])
    expect(results.filter(({ ok: done }) => done)).toHaveLength(1)
    expect(results.map(reasonOf)).toEqual(
      expect.arrayContaining(['done', expect.stringMatching(/rotation_(superseded|loses_keys)/)]),
    )
    expect(await kids()).toHaveLength(2)
  })

  it('one of them for a compromised key: the key never comes back', async () => {
    const { context, kids } = world()
    await rotate('r1', context())
    const [stolen = ''] = await kids()
    await createSecret('planned', context())
    expect(reasonOf(await rotate('emergency', context({ compromised: stolen })))).toBe('done')
    expect(await kids()).not.toContain(stolen)
    expect(reasonOf(await finishSecret('planned', context()))).toBe('rotation_loses_keys')
    expect(await kids()).not.toContain(stolen)
  })

  it('an emergency without the word that it is one, is refused', async () => {
    const { context, kids } = world()
    await rotate('r1', context())
    const [stolen = ''] = await kids()
    await createSecret('emergency', context({ compromised: stolen }))
    expect(reasonOf(await finishSecret('emergency', context()))).toBe('rotation_loses_keys')
    expect(await kids()).toEqual([stolen])
  })
})
