import { createHash, randomBytes } from 'node:crypto'
import type { LogLine } from '@countersign/functions/runtime/services'
import { jwtVerify } from 'jose'
import { afterAll, describe, expect, it } from 'vitest'
import { auditLog, issue, TENANCY, tenancies } from '../acceptance/given.ts'
import { done } from '../support/world.ts'

describe('a signing key whose secret was made elsewhere', async () => {
  let now = Date.now()
  const lines: LogLine[] = []
  const world = await tenancies({ clock: () => new Date(now), log: (line) => void lines.push(line) })
  afterAll(() => world.stop())
  const { signingKeys } = world.client
  const kids = async () => done(await signingKeys.list()).items.map(({ kid }) => kid)
  const statusWith = async (token: string) => (await world.call({ path: TENANCY, token })).status

  it('verifies before it signs, and then signs like any other; nothing that was good dies of it', async () => {
    const secret = randomBytes(64)
    const { kid, signsFrom } = done(await signingKeys.import(secret.toString('base64url')))
    expect(Date.parse(signsFrom)).toBeGreaterThan(now)
    const before = await issue(world)
    expect(done(await world.client.tokens.show(before.id)).kid).not.toBe(kid)
    now = Date.parse(signsFrom) + 1_000
    const after = await issue(world)
    const verified = await jwtVerify(after.secret, secret, { currentDate: new Date(now) })
    expect(verified.protectedHeader).toMatchObject({ alg: 'HS512', kid })
    for (const token of [world.token.secret, before.secret, after.secret])
      expect(await statusWith(token)).toBe(200)
    const told = JSON.stringify([lines, await auditLog(world.client)])
    for (const form of ['base64url', 'base64', 'hex'] as const)
      expect(told).not.toContain(secret.toString(form))
  })

  it('is made once, however often it is asked for under one key', async () => {
    const secret = randomBytes(64).toString('base64url')
    const options = { idempotencyKey: 'import-once' }
    const first = done(await signingKeys.import(secret, options))
    expect(done(await signingKeys.import(secret, options))).toEqual(first)
    expect((await kids()).filter((kid) => kid === first.kid)).toHaveLength(1)
  })

  it.each([
    ['secret_too_short', 422, randomBytes(63).toString('base64url')],
    ['secret_low_entropy', 422, Buffer.alloc(64, 'ab').toString('base64url')],
    ['secret_known', 422, createHash('sha512').update('\n').digest('base64url')],
    ['secret_malformed', 400, `${randomBytes(64).toString('base64url')}==`],
  ])('is refused as %s, and the ring is as it was', async (code, status, secret) => {
    const before = await kids()
    expect(await signingKeys.import(secret)).toMatchObject({ error: { problem: { status, code } } })
    expect(await kids()).toEqual(before)
    expect(JSON.stringify(lines)).not.toContain(secret)
  })
})
