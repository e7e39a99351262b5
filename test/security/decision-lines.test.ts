import { afterAll, describe, expect, it } from 'vitest'
import { consumer, publish, SHOW, selfSigning, signAs, TENANCY } from '../acceptance/given.ts'
import { ADA, DOCUMENT, HOUSING, signedIn } from '../acceptance/sign-in.given.ts'
import { oneOf, randomOf, seedOf, wholeBelow } from '../property/seed.ts'
import { done, openSignInWorld } from '../support/world.ts'

const MEMBERS = [
  ...['level', 'message', 'decisionId', 'latencyMilliseconds', 'outcome', 'reason', 'credential', 'tokenId'],
  ...['consumerId', 'sessionId', 'kid', 'apiId', 'environment', 'method', 'route', 'gateway', 'firstUse'],
]

/** Any twelve characters of a token's claims or signature would be a part of it that somebody could use or read. */
const WINDOW = 12
const partsOf = (token: string): readonly string[] =>
  token
    .split('.')
    .slice(1) // the header is the same for everybody
    .flatMap((part) =>
      Array.from({ length: Math.max(0, part.length - WINDOW) }, (_, at) => part.slice(at, at + WINDOW)),
    )

describe('a line of the decision log', async () => {
  const world = await openSignInWorld()
  afterAll(() => world.stop())
  const { client } = world
  const random = randomOf(seedOf('decision lines'))
  await publish(client, 'tenancies', { document: DOCUMENT })
  done(await client.apis.changeRules('tenancies', 'staging', { rules: [{ group: HOUSING, routes: [SHOW] }] }))
  const signer = await selfSigning(world)
  const { id: holder } = await consumer(client)
  await world.settled()
  const person = await signedIn(world, ADA)
  const path = '/abc123/staging/api/v1/tenancies/7/payments'
  const grants = [
    { api: 'tenancies', environment: 'staging', routes: ['GET /api/v1/tenancies/{id}/payments'] },
  ]
  const issued = await client.tokens.issue({ consumer: holder, grants })
  const token = issued.ok ? (issued.value.body.token ?? '') : ''
  await world.settled()
  const valid = { session: person.token, 'consumer-signed': await signAs(signer), token }
  const mutations = [
    (text: string) => text,
    (text: string) => text.slice(0, wholeBelow(random, text.length)),
    (text: string) => text.replace(/.(?=[^.]{3}$)/, (last) => (last === 'A' ? 'B' : 'A')),
    (text: string) => `${text}.${text}`,
    (text: string) => text.split('.').toReversed().join('.'),
  ]
  for (let call = 0; call < 120; call++) {
    const presented = oneOf(random, mutations)(oneOf(random, Object.values(valid).filter(Boolean)))
    await world.call({ path: oneOf(random, [TENANCY, path, `${TENANCY}?t=${presented}`]), token: presented })
  }
  for (const one of Object.values(valid).filter(Boolean)) await world.call({ path: TENANCY, token: one })
  const lines = (await world.logged()).filter(({ message }) => message === 'decision')

  it('is there for every kind of credential, let in and refused', () => {
    const kinds = new Set(lines.map(({ credential }) => credential))
    expect(kinds).toEqual(new Set([undefined, 'session', 'consumer-signed', 'token']))
    expect(new Set(lines.map(({ outcome }) => outcome))).toEqual(new Set(['allow', 'deny']))
    for (const { latencyMilliseconds } of lines) expect(latencyMilliseconds).toBeGreaterThanOrEqual(0)
  })

  it('has the members that are documented and no other', () => {
    for (const line of lines) expect(MEMBERS).toEqual(expect.arrayContaining(Object.keys(line)))
  })

  it('holds no byte of what was presented, no address and no subject', () => {
    const text = JSON.stringify(lines)
    for (const one of Object.values(valid))
      for (const part of partsOf(one)) expect(text.includes(part)).toBe(false)
    expect(text).not.toContain(ADA.primaryEmail)
    expect(text).not.toContain(`#${ADA.id}`)
    expect(text).not.toContain('@')
  })
})
