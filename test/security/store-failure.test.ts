import { type AuthorizerServices, make } from '@countersign/functions/authorizer/authorize'
import { afterAll, describe, expect, it } from 'vitest'
import { tenancies } from '../acceptance/given.ts'
import { asking } from '../acceptance/one-machine.ts'

const ARN = 'arn:aws:execute-api:eu-west-2:111111111111:abc123/staging/GET/api/v1/tenancies/7'

/** A store that cannot be read is no reason to let anybody in, and none to say `Unauthorized`, which callers act on. */
describe('an authorizer whose stores fail', async () => {
  const world = await tenancies()
  afterAll(() => world.stop())
  const { services } = world.platform
  const event = asking(ARN, { Authorization: `Bearer ${world.token.secret}` })
  const broken = <T>(): Promise<T> => Promise.reject(new Error('the store cannot be reached'))

  /** Fails as often as `failures` says, then works. */
  const failing = (store: 'keyRing' | 'accessRows', failures: number): AuthorizerServices => {
    let left = failures
    const or = <T>(work: () => Promise<T>): Promise<T> => (left-- > 0 ? broken<T>() : work())
    return {
      ...services,
      ...(store === 'keyRing'
        ? { keyRing: { current: () => or(() => services.keyRing.current()) } }
        : { accessRows: { read: (keys) => or(() => services.accessRows.read(keys)) } }),
    }
  }

  it.each(['keyRing', 'accessRows'] as const)(
    'throws what the store threw, and works when %s is back',
    async (store) => {
      const authorize = make(failing(store, 2))
      await expect(authorize(event)).rejects.toThrow('the store cannot be reached')
      await expect(authorize(event)).rejects.toThrow('the store cannot be reached')
      expect((await authorize(event)).policyDocument.Statement[0]?.Effect).toBe('Allow')
    },
  )

  it('throws when there is no ring, or one that cannot be read', async () => {
    const without = make({ ...services, keyRing: { current: async () => undefined } })
    await expect(without(event)).rejects.toThrow('there is no key ring yet')
    await expect(without(event)).rejects.not.toThrow(/^Unauthorized$/)
  })

  it.each([
    ['token', 'Unauthorized'],
    ['deployment', 'Deny'],
  ] as const)('never allows when the %s row is missing', async (prefix, outcome) => {
    const read: AuthorizerServices['accessRows']['read'] = async (keys) =>
      services.accessRows.read(keys.filter((key) => !key.startsWith(`${prefix}#`)))
    const answer = make({ ...services, accessRows: { read } })(event)
    if (outcome === 'Unauthorized') return expect(answer).rejects.toThrow(/^Unauthorized$/)
    expect((await answer).policyDocument.Statement.map(({ Effect }) => Effect)).toEqual(['Deny'])
  })

  it('keeps to the ring it has read while the ring cannot be read, for a quarter of an hour at most', async () => {
    let now = new Date()
    let down = false
    const keyRing = { current: () => (down ? broken<undefined>() : services.keyRing.current()) }
    const authorize = make({ ...services, clock: () => now, keyRing })
    await authorize(event)
    down = true
    now = new Date(now.getTime() + 14 * 60_000)
    expect((await authorize(event)).policyDocument.Statement[0]?.Effect).toBe('Allow')
    now = new Date(now.getTime() + 2 * 60_000)
    await expect(authorize(event)).rejects.toThrow('the store cannot be reached')
  })

  it('asks for the ring once in ten seconds, however many strangers come with keys nobody knows', async () => {
    let reads = 0
    let now = new Date()
    const keyRing = {
      current: () => {
        reads += 1
        return services.keyRing.current()
      },
    }
    const settings = { ...services.settings, ringRefreshSeconds: 3_600 }
    const authorize = make({ ...services, settings, clock: () => now, keyRing })
    await authorize(event)
    now = new Date(now.getTime() + 1_000)
    const header = Buffer.from('{"alg":"HS512","kid":"key_stranger","typ":"at+jwt"}').toString('base64url')
    const stranger = asking(ARN, { Authorization: `Bearer ${header}.e30.AA` })
    for (let call = 0; call < 20; call++) await expect(authorize(stranger)).rejects.toThrow(/^Unauthorized$/)
    expect(reads).toBe(2)
    now = new Date(now.getTime() + 10_000)
    await expect(authorize(stranger)).rejects.toThrow(/^Unauthorized$/)
    expect(reads).toBe(3)
  })

  it('reads rows once per authorization, and none for a credential that is not good', async () => {
    let reads = 0
    const accessRows: AuthorizerServices['accessRows'] = {
      read: (keys) => {
        reads += 1
        return services.accessRows.read(keys)
      },
    }
    const authorize = make({ ...services, accessRows })
    await expect(authorize(asking(ARN, { Authorization: 'Bearer garbage' }))).rejects.toThrow(
      /^Unauthorized$/,
    )
    expect(reads).toBe(0)
    await authorize(event)
    expect(reads).toBe(1)
  })
})
