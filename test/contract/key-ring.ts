import { randomBytes } from 'node:crypto'
import { ALGORITHMS, err, idFrom, ok, Redacted } from '@countersign/core/shared'
import { type KeyRingStore, type RotationContext, SigningKey } from '@countersign/core/signing-key'
import * as Signing from '@countersign/core/signing-key/signing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

export interface RingStore {
  readonly keyRing: KeyRingStore
  close(): Promise<void>
}

/** ClientRequestTokens as Secrets Manager wants them: 32 to 64 characters. */
const [A, B, C] = ['a', 'b', 'c'].map((letter) => `${letter.repeat(8)}-0000-0000-0000-000000000000`) as [
  string,
  string,
  string,
]
const SUPERSEDED = err({ reason: 'rotation_superseded' } as const)

export interface RingCases {
  /** Why this store cannot be asked to refuse another text for a version that is there. */
  readonly overwrites?: string
}

/** What every store of the key ring does with the versions of a secret. */
export const keyRingContract = (
  name: string,
  makeStore: () => Promise<RingStore>,
  { overwrites }: RingCases = {},
): void => {
  describe(`the key ring ${name}`, () => {
    let store: RingStore
    beforeEach(async () => {
      store = await makeStore()
    })
    afterEach(() => store.close())

    /** A store may refuse what is no JSON object, as no key ring could be. */
    const written = (text: string) => new Redacted(JSON.stringify({ text }))
    const read = (ring: Redacted<string>): unknown => JSON.parse(ring.reveal()).text
    const stage = (versionId: string, text: string) => store.keyRing.stage(versionId, written(text))
    const textOf = async (versionId: string) => {
      const ring = await store.keyRing.version(versionId)
      return ring && read(ring)
    }
    const current = async () => {
      const now = await store.keyRing.current()
      return now && [now.versionId, read(now.text)]
    }
    /** Stages and promotes, as an undisturbed rotation does. */
    const rotated = async (versionId: string, from: string | undefined) => {
      await stage(versionId, `ring ${versionId}`)
      expect(await store.keyRing.promote(versionId, from)).toEqual(ok(undefined))
    }

    it('has neither a current version nor any other before the first rotation', async () => {
      expect(await current()).toBeUndefined()
      expect(await textOf(A)).toBeUndefined()
    })

    it('shows a staged version by its id, and not as the current one', async () => {
      await rotated(A, undefined)
      await stage(B, 'next')
      expect(await textOf(B)).toBe('next')
      expect(await current()).toEqual([A, `ring ${A}`])
    })

    it(`keeps the text of a version that is staged twice${overwrites ? ` alike (${overwrites})` : ''}`, async () => {
      await stage(A, 'first')
      await stage(A, overwrites ? 'first' : 'second')
      expect(await textOf(A)).toBe('first')
      expect(await store.keyRing.promote(A, undefined)).toEqual(ok(undefined))
      expect(await current()).toEqual([A, 'first'])
    })

    it('refuses to promote from a version that is no longer the current one, and changes nothing', async () => {
      await rotated(A, undefined)
      await rotated(B, A)
      await stage(C, 'stale')
      expect(await store.keyRing.promote(C, A)).toEqual(SUPERSEDED)
      expect(await store.keyRing.promote(C, undefined)).toEqual(SUPERSEDED)
      expect(await current()).toEqual([B, `ring ${B}`])
      expect(await textOf(C)).toBe('stale')
    })

    it('takes a repeated promotion for done', async () => {
      await rotated(A, undefined)
      await rotated(B, A)
      expect(await store.keyRing.promote(B, A)).toEqual(ok(undefined))
      expect(await current()).toEqual([B, `ring ${B}`])
    })

    it('keeps the version before the current one', async () => {
      await rotated(A, undefined)
      await rotated(B, A)
      expect(await textOf(A)).toBe(`ring ${A}`)
    })

    it('is not blocked by a version that was left pending', async () => {
      await rotated(A, undefined)
      await stage(B, 'left over')
      await rotated(C, A)
      expect(await current()).toEqual([C, `ring ${C}`])
    })

    it('lets one of two rotations at once win, and lets the other find its version and learn that it lost', async () => {
      await rotated(A, undefined)
      await stage(B, 'one')
      await stage(C, 'other')
      const results = await Promise.all([store.keyRing.promote(B, A), store.keyRing.promote(C, A)])
      expect(results.filter((result) => result.ok)).toHaveLength(1)
      expect(results.filter((result) => !result.ok)).toEqual([SUPERSEDED])
      expect(await current()).toEqual(results[0]?.ok ? [B, 'one'] : [C, 'other'])
      expect([await textOf(B), await textOf(C)]).toEqual(['one', 'other'])
    })

    it('lets one of fifty rotations at once win, and tells each of the others', async () => {
      await rotated(A, undefined)
      const versions = Array.from({ length: 50 }, (_, index) => `${B.slice(0, -2)}${10 + index}`)
      for (const version of versions) await stage(version, `ring ${version}`)
      const results = await Promise.all(versions.map((version) => store.keyRing.promote(version, A)))
      expect(results.filter((result) => result.ok)).toHaveLength(1)
      expect(results.filter((result) => !result.ok)).toEqual(Array.from({ length: 49 }, () => SUPERSEDED))
      const winner = versions[results.findIndex((result) => result.ok)]
      expect(await current()).toEqual([winner, `ring ${winner}`])
    })

    it('lets a rotation that was overtaken while it was pending find its version and learn that it lost', async () => {
      await rotated(A, undefined)
      await stage(B, 'overtaken')
      await rotated(C, A)
      expect(await textOf(B)).toBe('overtaken')
      expect(await store.keyRing.promote(B, A)).toEqual(SUPERSEDED)
      expect(await current()).toEqual([C, `ring ${C}`])
    })

    it.each(ALGORITHMS.filter(SigningKey.isAvailable))(
      'carries a ring through rotations to %s and lets a key that was given up go',
      async (algorithm) => {
        const context = (more: Partial<RotationContext> = {}): RotationContext => ({
          store: store.keyRing,
          newId: (kind) => idFrom(kind, randomBytes(16)),
          randomBytes,
          now: new Date(),
          refreshSeconds: 60,
          algorithm,
          ...more,
        })
        const ring = async () => {
          const found = await store.keyRing.current()
          return found ? SigningKey.readRing(found.text).keys : []
        }
        const rotate = async (id: string, more?: Partial<RotationContext>) => {
          const rotated = await Signing.rotate(id, context(more))
          expect(rotated).toMatchObject({ ok: true })
          return rotated.ok ? rotated.value : undefined
        }
        const first = await rotate(A, { algorithm: 'HS512' })
        const second = await rotate(B)
        expect(await ring()).toEqual([first, second])
        const third = await rotate(C, { ...(first && { compromised: first.kid }) })
        expect(await ring()).toEqual([second, third])
        expect([second?.algorithm, third?.algorithm]).toEqual([algorithm, algorithm])
      },
    )

    it('throws when a version that was never staged is promoted, and keeps the current one', async () => {
      await rotated(A, undefined)
      await expect(store.keyRing.promote(B, A)).rejects.toThrow()
      expect(await current()).toEqual([A, `ring ${A}`])
    })
  })
}
