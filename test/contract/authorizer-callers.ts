import type { AuthorizerCallers } from '@countersign/core/registry'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

export interface CallersStore {
  readonly authorizerCallers: AuthorizerCallers
  /** Who is let in, `region-account`, in no order. */
  admitted(): Promise<readonly string[]>
  close(): Promise<void>
}

const HOUSING = { accountId: '222222222222', region: 'eu-west-2' }
const REPAIRS = { accountId: '444444444444', region: 'eu-west-2' }

/** What every list of the authorizer's callers does, whatever it is asked twice. */
export const authorizerCallersContract = (name: string, makeStore: () => Promise<CallersStore>): void => {
  describe(`the authorizer's callers ${name}`, () => {
    let store: CallersStore
    beforeEach(async () => {
      store = await makeStore()
    })
    afterEach(() => store.close())

    const admitted = async () => new Set(await store.admitted())

    it('are the accounts that were admitted, each by itself', async () => {
      await store.authorizerCallers.admit(HOUSING)
      await store.authorizerCallers.admit(REPAIRS)
      expect(await admitted()).toEqual(new Set(['eu-west-2-222222222222', 'eu-west-2-444444444444']))
    })

    it('are admitted once, however often that is said', async () => {
      await Promise.all([1, 2, 3].map(() => store.authorizerCallers.admit(HOUSING)))
      expect(await store.admitted()).toEqual(['eu-west-2-222222222222'])
    })

    it('are of one region, because a function policy names it', async () => {
      await store.authorizerCallers.admit(HOUSING)
      await store.authorizerCallers.admit({ ...HOUSING, region: 'us-east-1' })
      await store.authorizerCallers.dismiss(HOUSING)
      expect(await store.admitted()).toEqual(['us-east-1-222222222222'])
    })

    it('are gone once they are dismissed, and nothing happens to the others or the second time', async () => {
      await store.authorizerCallers.admit(HOUSING)
      await store.authorizerCallers.admit(REPAIRS)
      await store.authorizerCallers.dismiss(HOUSING)
      await store.authorizerCallers.dismiss(HOUSING)
      expect(await store.admitted()).toEqual(['eu-west-2-444444444444'])
      await store.authorizerCallers.admit(HOUSING)
      expect((await admitted()).size).toBe(2)
    })
  })
}
