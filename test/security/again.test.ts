import { afterAll, describe, expect, it } from 'vitest'
import { consumer, example, SHOW, secondOperator, tenancies } from '../acceptance/given.ts'
import { done } from '../support/world.ts'
import { ask, expectProblem, protectedRoutes } from './given.ts'

/** A client that does not know whether its command was carried out sends it again. */
describe('the same command again', async () => {
  const world = await tenancies()
  afterAll(() => world.stop())
  const { id: holder } = await consumer(world.client)
  const events = async () =>
    (await world.platform.services.ledger.events({ limit: 1_000, after: undefined })).items.length
  const body = (reason: string) => ({
    consumer: holder,
    grants: [{ api: 'tenancies', environment: 'staging', routes: [SHOW] }],
    reason,
  })
  const issue = (key: string, reason: string, token = world.credential) =>
    ask(world, 'POST /tokens', { token, body: body(reason), headers: ['Idempotency-Key', key] })

  it('under one Idempotency-Key has one effect and the same answer, with the same token', async () => {
    const first = await issue('issue-1', 'first')
    const count = await events()
    const [second, third] = await Promise.all([issue('issue-1', 'first'), issue('issue-1', 'first')])
    expect(first.status).toBe(201)
    expect(first.headers.etag).toBe('"1"')
    expect(JSON.parse(first.body).token).toMatch(/\./)
    for (const again of [second, third])
      expect([again.status, JSON.parse(again.body)]).toEqual([201, JSON.parse(first.body)])
    expect(await events()).toBe(count)
  })

  it('at the same moment has one effect too', async () => {
    const before = await events()
    const answers = await Promise.all(Array.from({ length: 8 }, () => issue('issue-at-once', 'race')))
    expect(new Set(answers.map((answer) => JSON.parse(answer.body).token)).size).toBe(1)
    expect(await events()).toBe(before + 1)
  })

  it('is recognised by what it says, not by how it is spelt', async () => {
    const path = 'POST /consumers'
    const send = (text: string) =>
      ask(world, path, { token: world.credential, body: text, headers: ['Idempotency-Key', 'spelt'] })
    const first = await send('{"name":"n","type":"service","owner":"o"}')
    const second = await send('{ "owner": "o",\n "type": "service", "name": "n" }')
    expect([second.status, second.body]).toEqual([201, first.body])
  })

  it('with another body, or on another route, is refused under a key that was used', async () => {
    await issue('issue-2', 'first')
    expectProblem(await issue('issue-2', 'second'), 422, 'idempotency_key_reused')
    const elsewhere = await ask(world, 'POST /signing-keys/rotation', {
      token: world.credential,
      headers: ['Idempotency-Key', 'issue-2'],
    })
    expectProblem(elsewhere, 422, 'idempotency_key_reused')
  })

  it("under somebody else's key is a command of one's own, and never gives away their token", async () => {
    const other = await secondOperator(world, protectedRoutes)
    const mine = JSON.parse((await issue('shared-key', 'mine')).body)
    const theirs = JSON.parse((await issue('shared-key', 'mine', other.secret)).body)
    expect(theirs.id).not.toBe(mine.id)
    expect(theirs.token).not.toBe(mine.token)
  })

  it('never shows the token in any other answer', async () => {
    const { id, token } = JSON.parse((await issue('issue-3', 'once')).body)
    const shown = await ask(world, `GET /tokens/${id}`, { token: world.credential })
    const listed = await ask(world, 'GET /tokens?limit=100', { token: world.credential })
    const [, , signature] = token.split('.')
    expect(shown.body + listed.body).not.toContain(signature)
    expect(JSON.parse(shown.body).token).toBeUndefined()
  })

  it('rotates once under one key, and is taken up where it stopped', async () => {
    const rotate = () =>
      ask(world, 'POST /signing-keys/rotation', {
        token: world.credential,
        headers: ['Idempotency-Key', 'rotate-1'],
      })
    const first = await rotate()
    expect([first.status, (await rotate()).body]).toEqual([202, first.body])
    expect(done(await world.client.signingKeys.list()).items).toHaveLength(2)
  })

  it('compromises a key once; the tokens to reissue are found again, because no record could hold them all', async () => {
    const kid = done(await world.client.signingKeys.list()).items.at(-1)?.kid
    const compromise = () =>
      ask(world, `POST /signing-keys/${kid}/compromise`, {
        token: world.credential,
        body: {},
        headers: ['Idempotency-Key', 'compromise-1'],
      })
    const first = await compromise()
    expect([first.status, JSON.parse(first.body)]).toMatchObject([202, { compromised: kid, reissue: [] }])
    expect((await compromise()).body).toBe(first.body)
    const { ledger } = world.platform.services
    const { items } = await ledger.events({ type: 'signing-key.compromised', limit: 2, after: undefined })
    expect(items).toHaveLength(1)
    const record = await ledger.idempotency(`${items[0]?.actor}#compromise-1`)
    expect(record?.answer.body).not.toHaveProperty('reissue')
    const { items: keys } = done(await world.client.signingKeys.list())
    const again = done(await world.client.signingKeys.compromise(String(kid)))
    // Of keys that were made within one second the id says which one signs.
    const signing = keys.find(({ state }) => state === 'signing')
    expect(again.kid, 'under another key, too, there is nothing left to rotate away').toBe(signing?.kid)
    expect(done(await world.client.signingKeys.list()).items).toEqual(keys)
  })

  it('on a version that has changed since it was read is refused, and changes nothing', async () => {
    const { id } = await consumer(world.client, 'Versioned')
    const shown = await ask(world, `GET /consumers/${id}`, { token: world.credential })
    const etag = String(shown.headers.etag)
    const suspend = (tag: string) =>
      ask(world, `POST /consumers/${id}/suspension`, {
        token: world.credential,
        body: {},
        headers: ['If-Match', tag],
      })
    expectProblem(await suspend('"7"'), 412, 'version_mismatch')
    expect((await suspend(etag)).headers.etag).toBe('"2"')
    expectProblem(await suspend(etag), 412, 'version_mismatch')
    const publish = await ask(world, 'PUT /apis/tenancies', {
      token: world.credential,
      body: { owner: 'o', openapi: example('tenancies') },
      headers: ['If-Match', '"99"'],
    })
    expectProblem(publish, 412, 'version_mismatch')
    expectProblem(
      await ask(world, 'DELETE /apis/tenancies', { token: world.credential, headers: ['If-Match', '"99"'] }),
      412,
      'version_mismatch',
    )
    expect(done(await world.client.apis.show('tenancies')).owner).toBe('housing')
  })
})
