import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { CLIENT_ID, idTokenOf } from '../support/sign-in.ts'
import { done, openSignInWorld } from '../support/world.ts'
import { auditLog, example, publish, selfSigning, signAs, TENANCIES } from './given.ts'
import {
  ADA,
  DOCUMENT,
  exchange,
  GRACE,
  HOUSING,
  post,
  REPAIRERS,
  signedIn,
  TOKEN_EXCHANGE,
} from './sign-in.given.ts'

/** APIs of these stories alone: others may be told in the same world. */
const API = 'sessions'
const HERE = { ...TENANCIES, gatewayId: 'ses123' }
const OTHER_API = 'sessions-ended'
const THERE = { ...TENANCIES, gatewayId: 'ses456' }
const LIST = '/ses123/staging/api/v1/tenancies'
const ONE = '/ses123/staging/api/v1/tenancies/7'
const PAYMENTS = '/ses123/staging/api/v1/tenancies/7/payments'

const seconds = () => Math.floor(Date.now() / 1_000)

describe('a person with a session', async () => {
  const world = await openSignInWorld()
  afterAll(() => world.stop())
  const { client, signIn } = world
  const { directory, other, provider } = signIn
  await world.attach(HERE.gatewayId)
  await publish(client, API, { document: DOCUMENT, at: HERE })
  await publish(client, API, {
    document: DOCUMENT,
    environment: 'production',
    at: { ...HERE, stage: 'production' },
  })
  const rules = {
    rules: [
      { group: HOUSING, routes: ['GET /api/v1/tenancies', 'GET /api/v1/tenancies/{id}'] },
      { group: REPAIRERS, routes: ['GET /api/v1/tenancies/{id}'] },
    ],
  }
  done(await client.apis.changeRules(API, 'staging', rules))
  await world.settled()
  const statusOf = async (path: string, token: string) => (await world.call({ path, token })).status

  beforeEach(() => {
    directory.members.set(ADA.id, ADA)
    directory.members.set(GRACE.id, GRACE)
    directory.answers(true)
    provider.answers(true)
  })

  it('P12: is let in where one of their groups is allowed, at once, and the backend is told who they are', async () => {
    const { id, token } = await signedIn(world, ADA)
    const { status, body } = await world.call({ path: LIST, token })
    expect(status).toBe(200)
    const { caller } = JSON.parse(body)
    expect(caller).toMatchObject({
      'session-id': id,
      subject: 'google#1001',
      email: ADA.primaryEmail,
      groups: `00other,${HOUSING}`,
      environment: 'staging',
    })
  })

  it('P13: is refused where none of their groups is allowed', async () => {
    const { token } = await signedIn(world, GRACE)
    expect(await statusOf(LIST, token)).toBe(403)
    expect(await statusOf(ONE, token)).toBe(200)
  })

  it('P14: is refused in another environment', async () => {
    const { token } = await signedIn(world, ADA)
    expect(await statusOf('/ses123/production/api/v1/tenancies', token)).toBe(403)
  })

  it('P15: is refused in another account, whose gateway has the same id', async () => {
    const { token } = await signedIn(world, ADA)
    const asked = (account: string) =>
      world.authorize({
        methodArn: `arn:aws:execute-api:eu-west-2:${account}:ses123/staging/GET/api/v1/tenancies`,
        headers: { Authorization: `Bearer ${token}` },
      })
    const [here, elsewhere] = [await asked('111111111111'), await asked('222222222222')]
    const effects = (answer: typeof here) =>
      answer === 'Unauthorized' ? [] : answer.policyDocument.Statement.map(({ Effect }) => Effect)
    expect(effects(here)).toContain('Allow')
    expect(effects(elsewhere)).toEqual(['Deny'])
  })

  it('P16: is refused by an API that nobody registered', async () => {
    const { token } = await signedIn(world, ADA)
    await world.attach('ses789')
    expect(await statusOf('/ses789/staging/api/v1/tenancies', token)).toBe(403)
  })

  it('P19: is refused without any group', async () => {
    const { token } = await signedIn(world, { ...ADA, id: '1003', groups: [] })
    expect(await statusOf(LIST, token)).toBe(403)
    expect(await statusOf(ONE, token)).toBe(403)
  })

  it('opens routes for tokens and groups alike, and no route for tokens alone', async () => {
    const { token } = await signedIn(world, ADA)
    expect([await statusOf(ONE, token), await statusOf(PAYMENTS, token)]).toEqual([200, 403])
    expect(await statusOf(LIST, world.credential)).toBe(403)
  })

  it("does not open the platform's own API", async () => {
    const { token } = await signedIn(world, ADA)
    const response = await fetch(`${world.api}/tokens`, { headers: { authorization: `Bearer ${token}` } })
    expect(response.status).toBe(403)
  })

  it('has every group of the directory, whatever page it is on', async () => {
    directory.pageSize = 2
    const groups = ['g1', 'g2', 'g3', 'g4', HOUSING]
    const { token } = await signedIn(world, { ...ADA, id: '1004', groups })
    directory.pageSize = 200
    expect(await statusOf(LIST, token)).toBe(200)
  })

  it('gets a token as RFC 8693 has it, for no longer than configured, that nobody may keep', async () => {
    const { status, headers, body } = await exchange(world, await idTokenOf(signIn, ADA))
    expect(status).toBe(200)
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json' })
    expect(body).toMatchObject({
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 600,
      session_id: expect.stringMatching(/^ses_/),
    })
  })

  it('may come from a provider that says the groups in its ID token', async () => {
    const claims = {
      ...{ iss: other.issuer, aud: CLIENT_ID, sub: 'u-1', email: 'eve@other.example', email_verified: true },
      ...{ iat: seconds(), exp: seconds() + 600, roles: [HOUSING, 'not a group id', 7] },
    }
    const { body } = await exchange(world, await other.idToken(claims, { algorithm: 'ES256' }))
    expect(body).toMatchObject({ subject: 'other#u-1', groups: [HOUSING] })
    expect(await statusOf(LIST, String(body.access_token))).toBe(200)
  })

  describe('is not let in with an ID token', () => {
    const now = seconds()
    it.each<[string, object, string]>([
      ['of another issuer', { iss: 'https://evil.example' }, 'id_token_issuer_unknown'],
      ['for another client', { aud: 'somebody-else', azp: undefined }, 'id_token_audience_mismatch'],
      ['whose authorized party is another', { azp: 'somebody-else' }, 'id_token_audience_mismatch'],
      [
        'for two clients without a party',
        { aud: [CLIENT_ID, 'x'], azp: undefined },
        'id_token_audience_mismatch',
      ],
      ['of another domain', { hd: 'evil.example' }, 'id_token_domain_not_allowed'],
      ['of no domain', { hd: undefined }, 'id_token_domain_not_allowed'],
      ['with an unverified address', { email_verified: false }, 'id_token_email_unverified'],
      ['with an address verified by a word', { email_verified: 'true' }, 'id_token_email_unverified'],
      ['that is over', { iat: now - 7_200, exp: now - 1 }, 'id_token_expired'],
      ['that begins later', { iat: now + 600, exp: now + 1_200 }, 'id_token_not_yet_valid'],
      ['without an end', { exp: undefined }, 'id_token_malformed'],
      ['without a subject', { sub: undefined }, 'id_token_malformed'],
    ])('%s', async (_, changed, code) => {
      const { status, body } = await exchange(world, await idTokenOf(signIn, ADA, { ...changed }))
      expect({ status, ...body }).toMatchObject({ status: 400, error: 'invalid_grant', code })
    })

    it.each([
      ['signed by a stranger', { stranger: true }, 'id_token_signature_invalid'],
      ['under a key nobody published', { kid: 'unknown' }, 'id_token_signature_invalid'],
      ['under another algorithm', { algorithm: 'PS256' }, 'id_token_algorithm_not_allowed'],
    ] as const)('%s', async (_, signing, code) => {
      const { status, body } = await exchange(world, await idTokenOf(signIn, ADA, {}, signing))
      expect({ status, ...body }).toMatchObject({ status: 400, error: 'invalid_grant', code })
    })

    it('with another nonce than the caller gave, or with none', async () => {
      const withNonce = await idTokenOf(signIn, ADA, { nonce: 'n-1' })
      expect((await exchange(world, withNonce, { nonce: 'n-1' })).status).toBe(200)
      const others = [withNonce, await idTokenOf(signIn, ADA)]
      for (const token of others)
        expect((await exchange(world, token, { nonce: 'n-2' })).body.code).toBe('id_token_nonce_mismatch')
    })

    it('that is none', async () => {
      for (const token of ['garbage', 'a.b.c', world.credential])
        expect((await exchange(world, token)).body.code).toBe('id_token_issuer_unknown')
    })

    it('of an account that the directory does not know, has suspended, or has in another domain', async () => {
      const of = async (member: typeof ADA & { readonly suspended?: boolean }) => {
        directory.members.set(member.id, member)
        return (await exchange(world, await idTokenOf(signIn, member))).body.code
      }
      expect(await of({ ...ADA, id: '1005', suspended: true })).toBe('account_suspended')
      expect(await of({ ...ADA, id: '1006', primaryEmail: 'ada@evil.example' })).toBe(
        'account_of_other_domain',
      )
      const unknown = await exchange(world, await idTokenOf(signIn, { ...ADA, id: '1007' }))
      expect(unknown.body.code).toBe('account_unknown')
    })
  })

  it('waits while the directory cannot be asked: nobody is let in on a guess', async () => {
    directory.answers(false)
    const { status, headers, body } = await exchange(world, await idTokenOf(signIn, ADA))
    expect(status).toBe(503)
    expect(body).toMatchObject({ error: 'temporarily_unavailable', code: 'directory_unreachable' })
    expect(headers['retry-after']).toBeDefined()
  })

  it('is refused from the call after they signed out, and signing out again is no error', async () => {
    const { id, token } = await signedIn(world, ADA)
    const sibling = await signedIn(world, ADA)
    expect(await statusOf(LIST, token)).toBe(200)
    expect((await post(world, '/oauth/revoke', { token })).status).toBe(200)
    expect(await statusOf(LIST, token)).toBe(401)
    expect((await post(world, '/oauth/revoke', { token, token_type_hint: 'access_token' })).status).toBe(200)
    expect(await statusOf(LIST, sibling.token)).toBe(200)
    const told = await auditLog(client, { entity: id })
    expect(told.map(({ type, actor }) => [type, actor])).toEqual([
      ['session.started', 'google#1001'],
      ['session.ended', 'google#1001'],
    ])
  })

  it('is refused what a group opened from the refresh after they left it', async () => {
    const { token } = await signedIn(world, ADA)
    directory.members.set(ADA.id, { ...ADA, groups: [REPAIRERS] })
    expect(await statusOf(LIST, token)).toBe(200)
    await world.run('RefreshSessions')
    expect([await statusOf(LIST, token), await statusOf(ONE, token)]).toEqual([403, 200])
  })

  it.each([
    ['suspended', { suspended: true }],
    ['moved to another domain', { primaryEmail: 'ada@evil.example' }],
  ])('is refused everything from the refresh after their account was %s', async (_, changed) => {
    const { token } = await signedIn(world, ADA)
    directory.members.set(ADA.id, { ...ADA, ...changed })
    await world.run('RefreshSessions')
    expect(await statusOf(LIST, token)).toBe(401)
  })

  it('is refused everything from the refresh after their account was removed', async () => {
    const { token } = await signedIn(world, ADA)
    directory.members.delete(ADA.id)
    await world.run('RefreshSessions')
    expect(await statusOf(LIST, token)).toBe(401)
  })

  it('keeps what they had while the directory cannot be asked', async () => {
    const { token } = await signedIn(world, ADA)
    directory.answers(false)
    await expect(world.run('RefreshSessions')).rejects.toThrow('could not be asked about')
    expect(await statusOf(LIST, token)).toBe(200)
  })

  it('is refused from the transaction in which the rule went', async () => {
    const { token } = await signedIn(world, ADA)
    const release = await world.hold('ProjectAccess')
    try {
      done(await client.apis.changeRules(API, 'staging', { rules: rules.rules.slice(1) }))
      expect(await statusOf(LIST, token)).toBe(403)
    } finally {
      await release()
    }
    done(await client.apis.changeRules(API, 'staging', rules))
    expect(await statusOf(LIST, token)).toBe(200)
  })

  it('holds a token that operators can look into, and nobody else', async () => {
    const { id, token } = await signedIn(world, ADA)
    const ask = (bearer?: string) => post(world, '/oauth/introspect', { token }, undefined, bearer)
    expect((await ask()).status).toBe(401)
    expect((await ask(world.credential)).body).toMatchObject({
      ...{ active: true, jti: id, sub: 'google#1001', username: ADA.primaryEmail },
      groups: ['00other', HOUSING],
    })
    await post(world, '/oauth/revoke', { token })
    expect((await ask(world.credential)).body).toEqual({ active: false })
  })

  it('leaves a read model that a rebuild makes the same', async () => {
    await world.settled()
    const { rebuilt, live } = await world.readModels()
    expect(Object.fromEntries(live)).toEqual(Object.fromEntries(rebuilt))
  })
})

describe('the OAuth endpoints', async () => {
  const world = await openSignInWorld()
  afterAll(() => world.stop())
  const { client } = world
  await world.attach(THERE.gatewayId)
  await publish(client, OTHER_API, { document: example('repairs'), at: THERE })

  it("end a holder's own platform token", async () => {
    const { id: consumer } = done(await client.consumers.register({ name: 'n', type: 'service', owner: 'o' }))
    const grants = [{ api: OTHER_API, environment: 'staging', routes: ['GET /api/v1/repairs/{id}'] }]
    const { id, token = '' } = done(await client.tokens.issue({ consumer, grants, expiresIn: '1d' }))
    await world.settled()
    const path = '/ses456/staging/api/v1/repairs/7'
    expect((await world.call({ path, token })).status).toBe(200)
    expect((await post(world, '/oauth/revoke', { token })).status).toBe(200)
    expect((await world.call({ path, token })).status).toBe(401)
    expect(done(await client.tokens.show(id))).toMatchObject({ state: 'revoked' })
  })

  it('answer 200 to revoking what is unknown, and change nothing (RFC 7009 §2.2)', async () => {
    const before = await auditLog(client)
    for (const token of ['garbage', 'a.b.c', `${world.credential}x`])
      expect((await post(world, '/oauth/revoke', { token })).status).toBe(200)
    expect(await auditLog(client)).toHaveLength(before.length)
  })

  it('say of a token that a consumer signed that it is not theirs to end (RFC 7009 §2.2.1)', async () => {
    const signer = await selfSigning(world)
    done(
      await client.consumers.changeGrants(signer.id, [
        { api: OTHER_API, environment: 'staging', routes: ['GET /api/v1/repairs/{id}'] },
      ]),
    )
    const token = await signAs(signer)
    const { status, body } = await post(world, '/oauth/revoke', { token })
    expect({ status, ...body }).toMatchObject({
      ...{ status: 400, error: 'unsupported_token_type', code: 'token_is_consumer_signed' },
    })
    expect((await world.call({ path: '/ses456/staging/api/v1/repairs/7', token })).status).toBe(200)
  })

  const TYPE = ['content-type', 'application/x-www-form-urlencoded']
  it.each<[string, string, readonly string[], string]>([
    ['JSON', '{"token":"x"}', ['content-type', 'application/json'], 'media_type_unsupported'],
    ['no type', 'token=x', [], 'media_type_unsupported'],
    ['a parameter twice', 'token=x&token=y', TYPE, 'parameter_repeated'],
    ['a parameter nobody knows', 'token=x&tokn=y', TYPE, 'parameter_unknown'],
    ['half an escape', 'token=%e', TYPE, 'body_malformed'],
    ['an escape that is no UTF-8', 'token=%ff', TYPE, 'body_malformed'],
    ['nothing', '', TYPE, 'parameter_missing'],
    ['an empty parameter', 'token=', TYPE, 'parameter_missing'],
    ['32 KiB', `token=${'x'.repeat(32_768)}`, TYPE, 'body_too_large'],
  ])('refuse %s', async (_, form, headers, code) => {
    const { status, body } = await post(world, '/oauth/revoke', form, headers)
    expect({ status, ...body }).toMatchObject({ status: 400, error: 'invalid_request', code })
    expect(JSON.stringify(body)).not.toMatch(/xxx/)
  })

  it.each<[object, string, string]>([
    [{ grant_type: 'password' }, 'unsupported_grant_type', 'grant_type_unsupported'],
    [{ subject_token_type: 'urn:x' }, 'invalid_request', 'subject_token_type_unsupported'],
    [{ requested_token_type: 'urn:x' }, 'invalid_request', 'requested_token_type_unsupported'],
    [{ audience: 'https://api.example' }, 'invalid_target', 'target_unknown'],
    [{ resource: 'https://api.example' }, 'invalid_target', 'target_unknown'],
    [{ scope: 'everything' }, 'invalid_scope', 'scope_unsupported'],
    [{ nonse: 'misspelt' }, 'invalid_request', 'parameter_unknown'],
  ])('refuse to exchange with %j', async (changed, error, code) => {
    const { status, body } = await exchange(world, 'x', { ...changed })
    expect({ status, ...body }).toMatchObject({ status: 400, error, code })
    expect(body.error_description).toMatch(/./)
  })

  it('take parameters from the body alone', async () => {
    const { body } = await post(world, `/oauth/token?grant_type=${TOKEN_EXCHANGE}`, { nonce: 'n' })
    expect(body.code).toBe('parameter_in_query')
  })
})
