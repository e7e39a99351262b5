import { inspect } from 'node:util'
import type { LogLine } from '@countersign/functions/runtime/services'
import { afterAll, describe, expect, it } from 'vitest'
import { consumer, example, publish, SHOW, TENANCY } from '../acceptance/given.ts'
import { done, startWorld } from '../support/world.ts'
import { ask } from './given.ts'

/** Whatever is presented, well or badly made, not one part of it is in a line of the log, in an event or in a row. */
describe('the log', async () => {
  const lines: LogLine[] = []
  const world = await startWorld({ log: (line) => void lines.push(line) })
  afterAll(() => world.stop())
  await publish(world.client, 'tenancies')
  const { id: holder } = await consumer(world.client, 'Person <person@example.org>')
  const grants = [{ api: 'tenancies', environment: 'staging', routes: [SHOW] }]
  const issued = done(await world.client.tokens.issue({ consumer: holder, grants }))
  const token = issued.token ?? ''
  await world.settled()
  const [header = '', payload = '', signature = ''] = token.split('.')
  const flipped = `${signature.slice(0, -2)}AA`
  const secret = 'c0rrect-horse-battery-staple'
  const presented = [
    token,
    `${header}.${payload}.${flipped}`,
    `${header}.${secret}.${signature}`,
    secret,
    `${secret}.${secret}.${secret}`,
  ]
  for (const one of presented) {
    await world.call({ path: TENANCY, token: one })
    await world.call({ path: TENANCY, rawHeaders: ['Authorization', one, 'Cookie', secret] })
    await world.call({ path: `${TENANCY}?access_token=${one}`, token: one })
    await ask(world, 'GET /consumers', { token: one })
    await ask(world, 'POST /consumers', { token: one, body: one })
  }
  await ask(world, 'PUT /apis/broken', {
    token: world.credential,
    body: { owner: 'o', openapi: `{"x":"${secret}` },
  })
  await ask(world, 'POST /tokens', { token: world.credential, body: `{"password":"${secret}"` })
  world.platform.publishHubEvent('api-hub.api-published', {
    publicationId: 'p',
    name: 'hub',
    owner: 'o',
    openapi: example('repairs'),
  })
  done(await world.client.signingKeys.rotate())
  done(await world.client.tokens.revoke(issued.id, { reason: 'requested' }))
  await world.call({ path: TENANCY, token })
  await world.settled()
  const ring = (await world.platform.services.keyRing.current())?.text.reveal() ?? ''
  const keys = (JSON.parse(ring) as { readonly keys: readonly { readonly secret: string }[] }).keys
  const secrets = [
    payload,
    signature,
    flipped,
    secret,
    ...world.credential.split('.').slice(1),
    ...keys.map((key) => key.secret),
  ]

  it('has a line for every decision, with its exact reason and ids', () => {
    const decisions = lines.filter(({ message }) => message === 'decision')
    expect(decisions.length).toBeGreaterThan(20)
    const reasons = new Set(decisions.map(({ reason }) => reason))
    for (const reason of [
      undefined,
      'signature_invalid',
      'token_malformed',
      'scheme_unsupported',
      'token_revoked',
    ])
      expect(reasons).toContain(reason)
    expect(decisions.at(-1)).toMatchObject({
      reason: 'token_revoked',
      tokenId: issued.id,
      consumerId: holder,
    })
  })

  it('holds no part of a token, no key and nothing of a body', () => {
    const text = lines.map((line) => `${JSON.stringify(line)}${inspect(line, { depth: 9 })}`).join('\n')
    for (const one of secrets) expect(text).not.toContain(one)
    expect(text).not.toContain('person@example.org')
  })

  it('holds no path, only the registered template: what is in a path may be somebody’s', () => {
    expect(JSON.stringify(lines)).not.toContain('tenancies/7')
    expect(lines.some(({ route }) => route === '/api/v1/tenancies/{id}')).toBe(true)
  })

  it('is no exception: events and rows hold none of it either', async () => {
    const { items } = await world.platform.services.ledger.events({ limit: 1_000, after: undefined })
    const { live } = await world.platform.readModels()
    const text = JSON.stringify([items, [...live]])
    for (const one of secrets.filter((value) => value !== secret)) expect(text).not.toContain(one)
  })
})
