import { Redacted } from '@countersign/core/shared'
import { expect, it } from 'vitest'
import { type Client, createClient } from './client.ts'

type Sent = { readonly method: string; readonly path: string; readonly body: unknown }

/** What a call sends, seen at `fetch`. */
const sentBy = async (call: (client: Client) => Promise<unknown>): Promise<Sent | undefined> => {
  const sent: Sent[] = []
  const fetch = async (url: string | URL | Request, { method = '', body }: RequestInit = {}) => {
    sent.push({
      method,
      path: new URL(String(url)).pathname,
      body: body === undefined ? undefined : bodyIn(String(body)),
    })
    return Response.json({})
  }
  await call(createClient({ endpoint: 'http://127.0.0.1', credential: new Redacted('t'), fetch }))
  return sent[0]
}

const bodyIn = (text: string): unknown => (text.startsWith('{') ? JSON.parse(text) : text)

const exchanged =
  'grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange' +
  '&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aid_token&subject_token=id-token&nonce=n-1'
const issue = { consumer: 'con_1', grants: [] }
const register = { name: 'n', type: 'service', owner: 'o' } as const
const publish = { owner: 'o', openapi: {} }
const deploy = { accountId: '111111111111', region: 'eu-west-2', gatewayId: 'abc123', stage: 'v1' }
const rules = { rules: [{ group: 'g', routes: ['GET /x'] }] }
const revoke = { reason: 'compromised' } as const
const lockdown = { everywhere: true, because: 'drill' } as const
const set = { api: 'pets', reason: 'compromised' } as const
const note = { note: 'why' }
const plan = { api: 'pets', environment: 'staging' }
const key = { consumer: 'con_1', plans: ['gold'] }
const now = { now: true }
const webhook = { url: 'https://hooks.example.org/', events: ['token.*'] }
const asked = { tokenId: 'tok_1', method: 'GET', path: '/x', api: 'pets', environment: 'staging' } as const

it.each<[string, (client: Client) => Promise<unknown>, unknown]>([
  ['POST /consumers', ({ consumers }) => consumers.register(register), register],
  ['GET /consumers', ({ consumers }) => consumers.list(), undefined],
  ['GET /consumers/con_1', ({ consumers }) => consumers.show('con_1'), undefined],
  ['POST /consumers/con_1/suspension', ({ consumers }) => consumers.suspend('con_1', note), note],
  ['POST /consumers/con_1/resumption', ({ consumers }) => consumers.resume('con_1'), {}],
  ['PUT /apis/pets', ({ apis }) => apis.publish('pets', publish), publish],
  ['GET /apis', ({ apis }) => apis.list(), undefined],
  ['GET /apis/pets', ({ apis }) => apis.show('pets'), undefined],
  ['DELETE /apis/pets', ({ apis }) => apis.deregister('pets'), undefined],
  ['PUT /apis/pets/deployments/staging', ({ apis }) => apis.deploy('pets', 'staging', deploy), deploy],
  ['PUT /apis/pets/access-rules/staging', ({ apis }) => apis.changeRules('pets', 'staging', rules), rules],
  ['POST /tokens', ({ tokens }) => tokens.issue(issue), issue],
  ['GET /tokens', ({ tokens }) => tokens.list(), undefined],
  ['GET /tokens/tok_1', ({ tokens }) => tokens.show('tok_1'), undefined],
  ['POST /tokens/tok_1/approval', ({ tokens }) => tokens.approve('tok_1'), {}],
  ['POST /tokens/tok_1/rejection', ({ tokens }) => tokens.reject('tok_1', note), note],
  ['POST /tokens/tok_1/collection', ({ tokens }) => tokens.collect('tok_1'), {}],
  ['POST /tokens/tok_1/reroll', ({ tokens }) => tokens.reroll('tok_1', now), now],
  ['POST /tokens/tok_1/disablement', ({ tokens }) => tokens.disable('tok_1', note), note],
  ['POST /tokens/tok_1/enablement', ({ tokens }) => tokens.enable('tok_1'), {}],
  ['POST /tokens/tok_1/revocation', ({ tokens }) => tokens.revoke('tok_1', revoke), revoke],
  ['POST /revocations', ({ revocations }) => revocations.revoke(set), set],
  ['POST /revocations', ({ revocations }) => revocations.count(set), { ...set, dryRun: true }],
  ['POST /lockdowns', ({ lockdowns }) => lockdowns.begin(lockdown), lockdown],
  ['POST /lockdowns/lifting', ({ lockdowns }) => lockdowns.lift(lockdown), lockdown],
  ['GET /lockdowns', ({ lockdowns }) => lockdowns.list(), undefined],
  ['GET /signing-keys', ({ signingKeys }) => signingKeys.list(), undefined],
  [
    'POST /signing-keys',
    ({ signingKeys }) => signingKeys.import('c2VjcmV0'),
    { algorithm: 'HS512', secret: 'c2VjcmV0' },
  ],
  ['POST /signing-keys/rotation', ({ signingKeys }) => signingKeys.rotate(), {}],
  [
    'POST /signing-keys/rotation',
    ({ signingKeys }) => signingKeys.rotate({ algorithm: 'ES256' }),
    { algorithm: 'ES256' },
  ],
  ['GET /.well-known/jwks.json', ({ signingKeys }) => signingKeys.jsonWebKeys(), undefined],
  ['POST /signing-keys/key_1/compromise', ({ signingKeys }) => signingKeys.compromise('key_1', note), note],
  ['PUT /usage-plans/gold', ({ usagePlans }) => usagePlans.put('gold', plan), plan],
  ['GET /usage-plans', ({ usagePlans }) => usagePlans.list(), undefined],
  ['GET /usage-plans/gold', ({ usagePlans }) => usagePlans.show('gold'), undefined],
  ['POST /api-keys', ({ apiKeys }) => apiKeys.create(key), key],
  ['GET /api-keys', ({ apiKeys }) => apiKeys.list(), undefined],
  ['GET /api-keys/apikey_1', ({ apiKeys }) => apiKeys.show('apikey_1'), undefined],
  ['POST /api-keys/apikey_1/rotation', ({ apiKeys }) => apiKeys.rotate('apikey_1', now), now],
  ['POST /api-keys/apikey_1/disablement', ({ apiKeys }) => apiKeys.disable('apikey_1', note), note],
  ['POST /webhooks', ({ webhooks }) => webhooks.register(webhook), webhook],
  ['GET /webhooks', ({ webhooks }) => webhooks.list(), undefined],
  ['GET /webhooks/whk_1', ({ webhooks }) => webhooks.show('whk_1'), undefined],
  ['PUT /webhooks/whk_1', ({ webhooks }) => webhooks.change('whk_1', webhook), webhook],
  ['POST /webhooks/whk_1/disablement', ({ webhooks }) => webhooks.disable('whk_1', note), note],
  ['POST /webhooks/whk_1/enablement', ({ webhooks }) => webhooks.enable('whk_1'), {}],
  ['POST /webhooks/whk_1/secret', ({ webhooks }) => webhooks.rotateSecret('whk_1', now), now],
  ['POST /webhooks/whk_1/test', ({ webhooks }) => webhooks.test('whk_1'), {}],
  ['POST /oauth/token', ({ oauth }) => oauth.exchange('id-token', 'n-1'), exchanged],
  ['POST /oauth/revoke', ({ oauth }) => oauth.revoke('t'), 'token=t'],
  ['POST /oauth/introspect', ({ oauth }) => oauth.introspect('t'), 'token=t'],
  ['POST /decisions/explanation', ({ decisions }) => decisions.explain(asked), asked],
  ['GET /audit/events', ({ audit }) => audit.events(), undefined],
  ['GET /audit/heads', ({ audit }) => audit.heads(), undefined],
  ['GET /audit/security-events', ({ audit }) => audit.securityEvents(), undefined],
  ['GET /audit/seals', ({ audit }) => audit.seals(), undefined],
  ['GET /audit/seals/2026-01-31', ({ audit }) => audit.seal('2026-01-31'), undefined],
  ['GET /audit/seals/2026-01-31/leaves', ({ audit }) => audit.leaves('2026-01-31'), undefined],
  ['GET /pipeline', ({ pipeline }) => pipeline.status(), undefined],
  ['POST /pipeline/ProjectAccess/redrive', ({ pipeline }) => pipeline.redrive('ProjectAccess'), {}],
  ['GET /health', ({ health }) => health.show(), undefined],
])('%s is what the method of that name sends', async (route, call, body) => {
  const [method, path] = route.split(' ')
  expect(await sentBy(call)).toEqual({ method, path, body })
})
