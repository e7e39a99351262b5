import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'

const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const
export type RotationStep = (typeof STEPS)[number]

/** The function that Secrets Manager would call, and the ring that it turns. */
export interface Rotated {
  /** One step of one rotation; the message of what it threw, or undefined. */
  step(step: RotationStep, rotationId: string): Promise<string | undefined>
  /** Ids of the keys in the ring, oldest first. */
  kids(): Promise<readonly string[]>
}

/** What comes of the four steps, whoever calls them and however often (AWS: "Rotation by Lambda function"). */
export const rotationContract = (name: string, open: () => Promise<Rotated>): void => {
  describe(`the rotation of the key ring, step by step as Secrets Manager asks for it, ${name}`, () => {
    let ring: Rotated
    beforeAll(async () => {
      ring = await open()
      await rotate()
    })

    const taken = async (steps: readonly RotationStep[], rotationId: string, times = 1) => {
      for (const step of steps)
        for (let time = 0; time < times; time++) expect(await ring.step(step, rotationId)).toBeUndefined()
    }
    const rotate = (rotationId: string = randomUUID(), times = 1) => taken(STEPS, rotationId, times)
    /** The ring with one key more, and every key it had, in order. */
    const grown = async (work: () => Promise<void>) => {
      const before = await ring.kids()
      await work()
      const after = await ring.kids()
      expect(after.slice(0, before.length)).toEqual(before)
      expect(after).toHaveLength(before.length + 1)
    }

    it('adds one key and keeps the ones before it, each step asked for twice', async () => {
      await grown(() => rotate(randomUUID(), 2))
    })

    it('adds nothing when all of it is repeated after its end', async () => {
      const rotationId = randomUUID()
      await rotate(rotationId)
      const before = await ring.kids()
      await rotate(rotationId)
      expect(await ring.kids()).toEqual(before)
    })

    it('changes nothing that verifies or signs before its last step', async () => {
      const before = await ring.kids()
      await taken(STEPS.slice(0, -1), randomUUID())
      expect(await ring.kids()).toEqual(before)
    })

    it.each(STEPS.slice(0, -1))('is not blocked by one that was abandoned after %s', async (last) => {
      await taken(STEPS.slice(0, STEPS.indexOf(last) + 1), randomUUID())
      await grown(() => rotate())
    })

    it('lets one of two that cross win, tells the other, and loses no key', async () => {
      const [one, other] = [randomUUID(), randomUUID()]
      await grown(async () => {
        for (const step of STEPS.slice(0, -1)) for (const id of [one, other]) await taken([step], id)
        const ends = [await ring.step('finishSecret', one), await ring.step('finishSecret', other)]
        expect(ends.filter((end) => end !== undefined)).toEqual([
          expect.stringMatching(/finishSecret: rotation_/),
        ])
      })
    })

    it('does not promote what was never made', async () => {
      const before = await ring.kids()
      expect(await ring.step('finishSecret', randomUUID())).toEqual(expect.any(String))
      expect(await ring.kids()).toEqual(before)
    })
  })
}
