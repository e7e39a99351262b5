import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseCredentials } from '@countersign/local/gateway'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { signedBySdk } from '../../packages/local/src/gateway/signing.fixture.ts'
import { only } from '../support/only.ts'
import { done, openSignInWorld } from '../support/world.ts'
import { consumer, issue, publish, selfSigning, signAs, TENANCIES } from './given.ts'
import { ADA, HOUSING, signedIn } from './sign-in.given.ts'

/** Every way in which a route may be protected, in one API; the last two of a kind are opened to nobody. */
const ROUTES = {
  '/token': 'token',
  '/group': 'group',
  '/both': ['token', 'group'],
  '/keyed': 'api-key',
  '/open': 'open',
  '/token/other': 'token',
  '/group/other': 'group',
} as const
const SIGNED = '/signed'

const responses = { 200: { description: 'done' } }
const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'mixed', version: '1' },
  paths: Object.fromEntries(
    Object.entries({ ...ROUTES, [SIGNED]: 'iam' }).map(([path, authorization]) => [
      path,
      { get: { 'x-countersign-authorization': authorization, responses } },
    ]),
  ),
}

/** The same API twice: an answer of the authorizer is asked for anew, or kept. */
const KEPT_SECONDS = 300
const APIS = [
  { name: 'mixed-asked', gatewayId: 'mix000', cacheSeconds: 0 },
  { name: 'mixed-kept', gatewayId: 'mix300', cacheSeconds: KEPT_SECONDS },
] as const

/** What each caller is answered on each route; the columns are those of `ROUTES`. */
const EXPECTED = {
  //                    token group both keyed open token/other group/other
  'a platform token': [200, 403, 200, 401, 200, 403, 403],
  'a token that its consumer signed': [200, 403, 200, 401, 200, 403, 403],
  'a session': [403, 200, 200, 401, 200, 403, 403],
  'an API key': [401, 401, 401, 200, 200, 401, 401],
  'a platform token and an API key': [200, 403, 200, 200, 200, 403, 403],
  'a session and an API key': [403, 200, 200, 200, 200, 403, 403],
  garbage: [401, 401, 401, 401, 200, 401, 401],
  nobody: [401, 401, 401, 401, 200, 401, 401],
} as const
type Caller = keyof typeof EXPECTED

const callers = Object.keys(EXPECTED) as Caller[]
const paths = Object.keys(ROUTES)

interface Presented {
  readonly token?: string
  readonly key?: string
  /** How the decision log names who it is. */
  readonly id?: string
}

describe('an API whose routes are protected in every way there is', async () => {
  const world = await openSignInWorld()
  afterAll(() => world.stop())
  const { client } = world
  const holder = (await consumer(client)).id
  const signer = await selfSigning(world)
  const granted = ['GET /token', 'GET /both']
  for (const { name, gatewayId, cacheSeconds } of APIS) {
    await world.attach(gatewayId, { cacheSeconds, keyPath: '/keyed', openPath: '/open' })
    await publish(client, name, { document: DOCUMENT, at: { ...TENANCIES, gatewayId }, cacheSeconds })
    const rules = [{ group: HOUSING, routes: ['GET /group', 'GET /both'] }]
    done(await client.apis.changeRules(name, 'staging', { rules }))
    done(await client.usagePlans.put(name, { api: name, environment: 'staging' }))
  }
  const grants = APIS.map(({ name }) => ({ api: name, environment: 'staging', routes: granted }))
  done(await client.consumers.changeGrants(signer.id, grants))
  const plans = APIS.map(({ name }) => name)
  const { key = '' } = done(await client.apiKeys.create({ consumer: holder, plans }))
  await world.settled()

  const ask = async (gatewayId: string, path: string, { token, key: presented }: Presented) => {
    const rawHeaders = presented === undefined ? [] : ['x-api-key', presented]
    const called = { path: `/${gatewayId}/staging${path}`, rawHeaders }
    return (await world.call({ ...called, ...(token !== undefined && { token }) })).status
  }
  beforeAll(async () => {
    for (const { gatewayId } of APIS)
      await vi.waitFor(async () => expect(await ask(gatewayId, '/keyed', { key })).toBe(200), 60_000)
  })

  /** Fresh ones: nothing of them is kept anywhere yet. */
  const make = async (api: string): Promise<Record<Caller, Presented>> => {
    const [platform, alongside] = [
      await issue(world, { api, routes: granted, holder }),
      await issue(world, { api, routes: granted, holder }),
    ]
    const [session, keyed] = [await signedIn(world, ADA), await signedIn(world, ADA)]
    const jti = crypto.randomUUID()
    return {
      'a platform token': { token: platform.secret, id: platform.id },
      'a token that its consumer signed': { token: await signAs(signer, { jti }), id: jti },
      'a session': { token: session.token, id: session.id },
      'an API key': { key },
      'a platform token and an API key': { token: alongside.secret, key, id: alongside.id },
      'a session and an API key': { token: keyed.token, key, id: keyed.id },
      garbage: { token: 'garbage' },
      nobody: {},
    }
  }

  const asOrdered = <T>(items: readonly T[], order: string) =>
    order === 'forwards' ? items : items.toReversed()

  /** Caller by caller, or route by route, so that everything comes before everything else once. */
  const table = async (
    gatewayId: string,
    presented: Record<Caller, Presented>,
    order: string,
    by: string,
  ) => {
    const found = Object.fromEntries(callers.map((caller) => [caller, paths.map(() => 0)]))
    const cells = callers.flatMap((caller) => paths.map((path) => ({ caller, path })))
    const sorted =
      by === 'caller' ? cells : cells.toSorted((a, b) => paths.indexOf(a.path) - paths.indexOf(b.path))
    for (const { caller, path } of asOrdered(sorted, order))
      found[caller]?.splice(paths.indexOf(path), 1, await ask(gatewayId, path, presented[caller]))
    return found
  }

  const decisionsOn = async (id: string | undefined) =>
    (await world.logged()).filter(
      ({ message, tokenId, sessionId }) => message === 'decision' && (tokenId === id || sessionId === id),
    ).length

  describe.each(APIS)('with answers kept for $cacheSeconds s', ({ name, gatewayId, cacheSeconds }) => {
    it.each([
      ['caller', 'forwards'],
      ['caller', 'backwards'],
      ['route', 'forwards'],
      ['route', 'backwards'],
    ])('answers every caller on every route as the table has it, asked by %s, %s', async (by, order) => {
      const presented = await make(name)
      expect(await table(gatewayId, presented, order, by)).toEqual(EXPECTED)
      // Again, when everything that can be kept is kept.
      if (cacheSeconds > 0) expect(await table(gatewayId, presented, order, by)).toEqual(EXPECTED)
    })

    it('asks the authorizer once for a credential whose answer is kept, and every time for others', async () => {
      const presented = await make(name)
      await table(gatewayId, presented, 'forwards', 'route')
      const behind = paths.length - ['/keyed', '/open'].length
      for (const caller of callers) {
        const { id } = presented[caller]
        const wanted = cacheSeconds > 0 ? 1 : behind
        if (id !== undefined) await expect.poll(() => decisionsOn(id), { timeout: 30_000 }).toBe(wanted)
      }
    })
  })

  only(
    'local',
    "the emulator's gateway verifies no signature, so that it has no route of IAM",
    'signed requests among the others',
    () => {
      const file = join(dirname(world.credentialFile), 'aws-credentials')
      const [credential] = parseCredentials(readFileSync(file, 'utf8')) ?? []
      const signed = async (gatewayId: string, path: string) => {
        if (!credential) throw new Error('there are no local credentials')
        const at = { host: new URL(world.gateway).host, path: `/${gatewayId}/staging${path}` }
        const { headers } = await signedBySdk(at, credential)
        const rawHeaders = Object.entries(headers).flatMap(([name, value]) =>
          name === 'host' ? [] : [name, value],
        )
        return (await world.call({ path: at.path, rawHeaders })).status
      }

      it.each(APIS)(
        'open the route of IAM and no other but the open one, at $gatewayId',
        async ({ gatewayId }) => {
          const every = [...paths, SIGNED]
          const answered = async (order: string) => {
            const found: [string, number][] = []
            for (const path of asOrdered(every, order)) found.push([path, await signed(gatewayId, path)])
            return Object.fromEntries(found)
          }
          const expected = Object.fromEntries(every.map((path) => [path, 401]))
          Object.assign(expected, { '/open': 200, [SIGNED]: 200 })
          expect(await answered('forwards')).toEqual(expected)
          expect(await answered('backwards')).toEqual(expected)
        },
      )

      it.each(APIS)('are the only way into it, at $gatewayId', async ({ name, gatewayId }) => {
        const presented = await make(name)
        for (const caller of callers)
          expect([caller, await ask(gatewayId, SIGNED, presented[caller])]).toEqual([caller, 403])
      })
    },
  )
})
