import type { Explain, Explanation } from '@countersign/client'
import { afterAll, describe, expect, it } from 'vitest'
import { done, openSignInWorld } from '../support/world.ts'
import { clientOf, issue, LIST, publish, SHOW, selfSigning, signAs, TENANCIES } from './given.ts'
import { ADA, DOCUMENT, GRACE, HOUSING, signedIn } from './sign-in.given.ts'

const API = 'tenancies-explained'
const AT = { ...TENANCIES, gatewayId: 'explained1' }
const ASKED = { method: 'GET', path: '/api/v1/tenancies/7', api: API, environment: 'staging' } as const
const PAGE = `/${AT.gatewayId}/staging`

describe('the explanation of a decision', async () => {
  const world = await openSignInWorld()
  afterAll(() => world.stop())
  const { client, signIn } = world
  await world.attach(AT.gatewayId)
  await publish(client, API, { document: DOCUMENT, at: AT })
  done(await client.apis.changeRules(API, 'staging', { rules: [{ group: HOUSING, routes: [LIST] }] }))
  await world.settled()
  for (const person of [ADA, GRACE]) signIn.directory.members.set(person.id, person)

  const token = await issue(world, { api: API, routes: [SHOW] })
  const explain = async (asked: Explain): Promise<Explanation> => done(await client.decisions.explain(asked))
  const refusedAt = ({ steps }: Explanation) => steps.find(({ outcome }) => outcome === 'refused')?.step

  /** What a caller meets at the gateway, in the words of an explanation. */
  const met = async (path: string, credential: string) => {
    const { status } = await world.call({ path: `${PAGE}${path}`, token: credential })
    return { outcome: status < 300 ? 'allow' : 'deny', status: status < 300 ? null : status }
  }

  it('of a presented token is what its holder meets, for a good one and for every bad one', async () => {
    const revoked = await issue(world, { api: API, routes: [SHOW] })
    done(await client.tokens.revoke(revoked.id, { reason: 'requested' }))
    const disabled = await issue(world, { api: API, routes: [SHOW] })
    done(await client.tokens.disable(disabled.id))
    const cases = [
      [token.secret, ASKED.path, null, undefined],
      [token.secret, '/api/v1/tenancies', 'route_not_granted', 'opened'],
      [token.secret, '/api/v1/nowhere', 'route_unknown', 'route'],
      [revoked.secret, ASKED.path, 'token_revoked', 'refusal'],
      [disabled.secret, ASKED.path, 'token_disabled', 'refusal'],
      [`${token.secret.slice(0, -1)}_`, ASKED.path, 'signature_invalid', 'signature'],
      ['garbage', ASKED.path, 'token_malformed', 'format'],
    ] as const
    for (const [secret, path, reason, step] of cases) {
      const explained = await explain({ ...ASKED, path, token: secret })
      expect({ path, ...explained }).toMatchObject({ path, reason, ...(await met(path, secret)) })
      expect(refusedAt(explained)).toBe(step)
    }
  })

  it('passes every step of a token that is let through, and tells what was found', async () => {
    const { steps, credential, nearest, challenge } = await explain({ ...ASKED, token: token.secret })
    expect(new Set(steps.map(({ outcome }) => outcome))).toEqual(new Set(['passed']))
    expect(credential).toMatchObject({ kind: 'token', presented: true, tokenId: token.id })
    expect(nearest).toMatchObject({ route: SHOW, environment: 'staging', differs: [] })
    expect(challenge).toBeNull()
    const found = Object.fromEntries(steps.map((one) => [one.step, one.found]))
    expect(found).toMatchObject({
      deployment: { api: API, environment: 'staging' },
      fence: { standing: [] },
      opened: { authorization: 'token+group', methods: ['GET'] },
    })
  })

  it('of a token that nobody has at hand skips form and signature, and decides the rest', async () => {
    const asked = { ...ASKED, tokenId: token.id }
    const good = await explain(asked)
    expect(good).toMatchObject({ outcome: 'allow', credential: { presented: false } })
    expect(good.steps.filter(({ outcome }) => outcome === 'skipped').map(({ step }) => step)).toEqual([
      'credential',
      'format',
      'key',
      'signature',
      'claims',
    ])
    const bad = await explain({ ...asked, method: 'DELETE' })
    expect(bad).toMatchObject({ outcome: 'deny', status: 403, challenge: 'insufficient_scope' })
    expect(await explain({ ...asked, tokenId: 'tok_never' })).toMatchObject({
      reason: 'token_unknown',
      remarks: ['The ledger knows this token as nothing at all.'],
    })
  })

  it('names the nearest grant, and what is different about it', async () => {
    const { nearest, advice } = await explain({ ...ASKED, path: '/api/v1/tenancies', tokenId: token.id })
    expect(nearest).toMatchObject({ route: SHOW, differs: ['path'] })
    expect(advice).toMatch(/grant names the route/)
  })

  it('finds the deployment by gateway and stage, as the decision log names it', async () => {
    const { api: _, environment: __, ...asked } = ASKED
    const at = { gatewayId: AT.gatewayId, stage: AT.stage }
    const found = await explain({ ...asked, ...at, tokenId: token.id })
    expect(found).toMatchObject({ outcome: 'allow', request: { api: API, accountId: AT.accountId } })
    const nowhere = await explain({ ...asked, ...at, stage: 'nowhere', tokenId: token.id })
    expect(nowhere).toMatchObject({ reason: 'deployment_unknown', request: { api: null } })
    expect(refusedAt(nowhere)).toBe('deployment')
  })

  it('of a token that a consumer signed looks at its own keys, and by its id at its grants', async () => {
    const signer = await selfSigning(world)
    done(
      await client.consumers.changeGrants(signer.id, [{ api: API, environment: 'staging', routes: [SHOW] }]),
    )
    const signed = await signAs(signer)
    const presented = await explain({ ...ASKED, token: signed })
    expect(presented).toMatchObject({ outcome: 'allow', credential: { kind: 'consumer-signed' } })
    expect(presented.steps.find(({ step }) => step === 'key')?.found).toMatchObject({ keyOf: signer.id })
    expect(await explain({ ...ASKED, consumerId: signer.id })).toMatchObject({ outcome: 'allow' })
    done(await client.revocations.revoke({ consumer: signer.id, token: 'first', reason: 'requested' }))
    const refused = await explain({ ...ASKED, consumerId: signer.id, jti: 'first' })
    expect(refused).toMatchObject({ reason: 'token_revoked' })
    expect(refusedAt(refused)).toBe('refusal')
  })

  it('of a session tells which group would open the route', async () => {
    const [ada, grace] = [await signedIn(world, ADA), await signedIn(world, GRACE)]
    const path = '/api/v1/tenancies'
    expect(await explain({ ...ASKED, path, token: ada.token })).toMatchObject({ outcome: 'allow' })
    const refused = await explain({ ...ASKED, path, sessionId: grace.id })
    expect(refused).toMatchObject({
      reason: 'group_not_granted',
      ...(await met(path, grace.token)),
      nearest: { route: LIST, group: HOUSING, differs: ['group'] },
    })
  })

  it('keeps nothing of the token: not in its answer, not under an Idempotency-Key', async () => {
    const answered = await client.decisions.explain({ ...ASKED, token: token.secret })
    const text = JSON.stringify(answered)
    for (const part of token.secret.split('.')) expect(text).not.toContain(part)
  })

  it('is for operators alone', async () => {
    const refused = await clientOf(world, token.secret).decisions.explain({ ...ASKED, tokenId: token.id })
    expect(refused).toMatchObject({ ok: false, error: { problem: { status: 403 } } })
  })

  it('of nothing in particular, or of two things at once, is refused with what to say', async () => {
    const wrong = [
      ASKED,
      { ...ASKED, token: 'x', tokenId: token.id },
      { ...ASKED, tokenId: token.id, jti: 'first' },
      { ...ASKED, tokenId: token.id, gatewayId: 'abc123' },
      { ...ASKED, tokenId: token.id, path: '/a?b=c' },
      { ...ASKED, tokenId: token.id, method: 'ANY' },
    ] as unknown as readonly Explain[]
    for (const asked of wrong)
      expect(await client.decisions.explain(asked)).toMatchObject({ error: { problem: { status: 400 } } })
    const unknown = await client.decisions.explain({ ...ASKED, api: 'never', tokenId: token.id })
    expect(unknown).toMatchObject({ error: { problem: { status: 400, code: 'api_not_found' } } })
  })
})
