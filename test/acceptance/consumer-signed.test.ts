import { afterAll, describe, expect, it } from 'vitest'
import { done, openWorld } from '../support/world.ts'
import {
  clientOf,
  example,
  LIST,
  publish,
  SHOW,
  secondOperator,
  selfSigning,
  signAs,
  TENANCIES,
} from './given.ts'

const API = 'tenancies-signed'
const AT = { ...TENANCIES, gatewayId: 'signed1' }
const TENANCY = '/signed1/staging/api/v1/tenancies/7'
const TENANCY_LIST = '/signed1/staging/api/v1/tenancies'

const world = await openWorld()
afterAll(() => world.stop())
await world.attach(AT.gatewayId)
await publish(world.client, API, { document: example('tenancies'), at: AT })
await world.settled()
const { consumers, revocations } = world.client

const seconds = () => Math.floor(Date.now() / 1_000)

const statusWith = async (token: string, path = TENANCY) => (await world.call({ path, token })).status

const granted = async () => {
  const signer = await selfSigning(world)
  const grants = [{ api: API, environment: 'staging', routes: [SHOW] }]
  done(await consumers.changeGrants(signer.id, grants))
  return signer
}

describe('a consumer that signs its own tokens', () => {
  it('opens the routes it was given and nothing else', async () => {
    const signer = await granted()
    const token = await signAs(signer)
    expect(await statusWith(token)).toBe(200)
    expect(await statusWith(token, TENANCY_LIST)).toBe(403)
    done(await consumers.changeGrants(signer.id, [{ api: API, environment: 'staging', routes: [LIST] }]))
    expect([await statusWith(token), await statusWith(token, TENANCY_LIST)]).toEqual([403, 200])
    done(await consumers.changeGrants(signer.id, []))
    expect(await statusWith(token, TENANCY_LIST)).toBe(403)
  })

  it('opens nothing before it was given anything', async () => {
    const signer = await selfSigning(world)
    expect(await statusWith(await signAs(signer))).toBe(403)
  })

  it('is refused for what it must not sign', async () => {
    const signer = await granted()
    const other = await granted()
    const now = seconds()
    const refused: readonly object[] = [
      { exp: undefined },
      { exp: now + 901 },
      { exp: now - 1 },
      { iat: undefined },
      { jti: undefined },
      { iss: other.id },
      { iss: 'urn:countersign:somebody' },
      { roles: 'admin' },
    ]
    const statuses = await Promise.all(
      refused.map(async (claims) => statusWith(await signAs(signer, { ...claims }))),
    )
    expect(statuses).toEqual(refused.map(() => 401))
    const ofAnother = { id: signer.id, secret: { ...signer.secret, kid: other.secret.kid } }
    expect(await statusWith(await signAs(ofAnother))).toBe(401)
    expect(await statusWith(await signAs({ id: signer.id, secret: other.secret }))).toBe(401)
  })

  it('tells the backend its roles, which open nothing', async () => {
    const signer = await granted()
    const token = await signAs(signer, { roles: ['editor', 'producer'] })
    const answered = await world.call({ path: TENANCY, token })
    expect(answered.body).toContain('editor,producer')
    expect(await statusWith(token, TENANCY_LIST)).toBe(403)
  })

  it('replaces its key with an overlap, or at once', async () => {
    const signer = await granted()
    const old = await signAs(signer)
    const rotated = done(await consumers.rotateSecret(signer.id, { overlap: '1h' }))
    if (!rotated.secret) throw new Error('no key was handed out')
    const fresh = await signAs({ id: signer.id, secret: rotated.secret })
    expect([await statusWith(old), await statusWith(fresh)]).toEqual([200, 200])
    done(await consumers.rotateSecret(signer.id, { overlap: '0s' }))
    expect([await statusWith(old), await statusWith(fresh)]).toEqual([401, 401])
  })

  it('is shown its key once, and again to the same Idempotency-Key alone', async () => {
    const signer = await granted()
    const again = { idempotencyKey: crypto.randomUUID() }
    const first = done(await consumers.rotateSecret(signer.id, {}, again))
    const repeated = done(await consumers.rotateSecret(signer.id, {}, again))
    expect(repeated.secret).toEqual(first.secret)
    expect(first.secret?.k).toMatch(/^[A-Za-z0-9_-]{86}$/)
    expect(JSON.stringify(done(await consumers.show(signer.id)))).not.toContain(first.secret?.k)
    expect(done(await consumers.show(signer.id)).selfSigning?.keys).toHaveLength(2)
  })

  it('loses one of its tokens, all before an instant, or all until it is resumed', async () => {
    const signer = await granted()
    const [first, second] = [await signAs(signer, { jti: 'a-1' }), await signAs(signer, { jti: 'a-2' })]
    expect([await statusWith(first), await statusWith(second)]).toEqual([200, 200])
    const set = { consumer: signer.id, reason: 'compromised' } as const
    const revoked = done(await revocations.revoke({ ...set, token: 'a-1' }))
    expect(Date.parse(revoked.enforcedBy)).toBeGreaterThanOrEqual(Date.parse(revoked.revokedAt))
    expect([await statusWith(first), await statusWith(second)]).toEqual([401, 200])
    done(await consumers.suspend(signer.id))
    expect(await statusWith(second)).toBe(401)
    done(await consumers.resume(signer.id))
    const issuedBefore = new Date((seconds() + 1) * 1_000).toISOString()
    done(await revocations.revoke({ ...set, issuedBefore }))
    expect(await statusWith(second)).toBe(401)
  })

  it('gets production only with the agreement of somebody else', async () => {
    const signer = await granted()
    await publish(world.client, API, {
      document: example('tenancies'),
      at: { ...AT, stage: 'production' },
      environment: 'production',
    })
    const routes = [SHOW]
    const grants = ['staging', 'production'].map((environment) => ({ api: API, environment, routes }))
    const asked = done(await consumers.changeGrants(signer.id, grants))
    expect(asked.selfSigning?.requested?.grants).toHaveLength(2)
    const token = await signAs(signer)
    const path = '/signed1/production/api/v1/tenancies/7'
    expect([await statusWith(token), await statusWith(token, path)]).toEqual([200, 403])
    expect(await consumers.approveGrants(signer.id)).toMatchObject({
      error: { problem: { status: 403, code: 'approver_is_requester' } },
    })
    const { secret: second } = await secondOperator(world, ['POST /consumers/{id}/grants/approval'])
    done(await clientOf(world, second).consumers.approveGrants(signer.id))
    expect(await statusWith(token, path)).toBe(200)
  })

  it('is the only kind that has a key of its own', async () => {
    const plain = done(await consumers.register({ name: 'Plain', type: 'service', owner: 'o' }))
    const code = { error: { problem: { status: 409, code: 'consumer_not_self_signing' } } }
    expect(await consumers.rotateSecret(plain.id)).toMatchObject(code)
    expect(await consumers.changeGrants(plain.id, [])).toMatchObject(code)
    expect(await revocations.revoke({ consumer: plain.id, token: 'a', reason: 'requested' })).toMatchObject(
      code,
    )
  })
})
