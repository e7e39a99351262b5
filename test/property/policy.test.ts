import {
  Access,
  type DeploymentBinding,
  type OpenedRoute,
  type PolicyDocument,
} from '@countersign/core/access'
import type { Method, ProtectedRoute, Route } from '@countersign/core/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { iamAllows, picked } from './models.ts'
import { scene } from './registries.ts'

/*
 * What a policy lets through must be what the token opens, for every request that reaches a registered route, by two
 * models written without the code under test.
 */
const STAGE = 'arn:aws:execute-api:eu-west-2:111111111111:abc123/staging'
const SEED = Number(process.env.COUNTERSIGN_SEED ?? Date.now() % 1_000_000)

/** What `decide` says is opened: asked through it, so that policy and decision can never drift apart. */
const openedBy = (routes: readonly ProtectedRoute[], granted: readonly Route[]): readonly OpenedRoute[] => {
  const binding: DeploymentBinding = {
    apiId: 'api_1',
    api: 'tenancies',
    environment: 'staging',
    routes,
    authorizerCacheTtlSeconds: 300,
  }
  const grant = {
    consumerId: 'con_1',
    consumer: 'c',
    kid: 'key_1',
    issuedAt: 0,
    expiresAt: 3_600,
    grants: [{ apiId: 'api_1', environment: 'staging', routes: granted }],
  } as const
  const row = (register: string, value: object) => ({
    registers: { [register]: { rank: 1, value: JSON.parse(JSON.stringify(value)) } },
  })
  const decided = Access.decide(
    {
      kid: 'key_1',
      kind: 'token',
      tokenId: 'tok_1',
      consumerId: 'con_1',
      audience: ['api_1'],
      issuedAt: 0,
      expiresAt: 3_600,
    },
    {
      coordinates: { accountId: '1', region: 'r', gatewayId: 'g', stage: 's' },
      method: 'GET',
      path: '//',
      stageArn: STAGE,
      methodArn: `${STAGE}/GET//`,
    },
    { principal: row('grant', grant), deployment: row('binding', binding), fence: undefined },
    new Date(1_000),
  )
  const opening = decided.ok ? decided.value : decided.error.opening
  if (!opening) throw new Error('the base case is not a good token')
  return opening.opened.map(({ registered, methods }) => ({
    registered: routes.find((one) => Access.routeShape(one) === Access.routeShape(registered)) ?? registered,
    methods,
  }))
}

const isOpened = (opened: readonly OpenedRoute[], route: ProtectedRoute, method: string): boolean => {
  const methods = opened.find(({ registered }) => registered === route)?.methods
  return methods !== undefined && (methods.has('ANY') || methods.has(method as Method))
}

const check = <T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => void, numRuns = 1_500) =>
  fc.assert(fc.property(arbitrary, holds), { seed: SEED, numRuns })

describe(`the policy for a whole deployment (seed ${SEED}, COUNTERSIGN_SEED repeats it)`, () => {
  it('lets through exactly the requests whose route the token opens', () => {
    let documents = 0
    let allowed = 0
    let refused = 0
    check(scene, ({ routes, granted, requests }) => {
      const opened = openedBy(routes, granted)
      const document = Access.wholePolicy(STAGE, routes, opened)
      if (!document) return
      documents += 1
      for (const { method, segments } of requests) {
        const asked = `/${segments.join('/')}`
        const answers = new Set(picked(routes, method, asked).map((one) => isOpened(opened, one, method)))
        if (answers.size === 0) continue
        const permitted = iamAllows(document, `${STAGE}/${method}${asked}`)
        if (permitted) allowed += 1
        else refused += 1
        if (answers.size === 1)
          expect({ method, asked, permitted }).toEqual({ method, asked, permitted: answers.has(true) })
        else expect(permitted).toBe(false)
      }
    })
    expect(documents).toBeGreaterThan(300)
    expect(Math.min(allowed, refused)).toBeGreaterThan(300)
  })

  it('never lets a closed route through, however its path is spelled', () => {
    let spelled = 0
    check(scene, ({ routes, granted, requests }) => {
      const opened = openedBy(routes, granted)
      const document = Access.wholePolicy(STAGE, routes, opened)
      if (!document) return
      for (const { method, segments, slash, encoded } of requests) {
        const plain = `/${segments.join('/')}`
        const at = 1 + (encoded % plain.length)
        const code = plain.charCodeAt(at).toString(16)
        const raw =
          plain[at] === '/' || at >= plain.length
            ? plain
            : `${plain.slice(0, at)}%${code}${plain.slice(at + 1)}`
        const closed = picked(routes, method, plain).some((one) => !isOpened(opened, one, method))
        if (!closed) continue
        spelled += 1
        for (const path of plain === '/' ? [raw] : [raw, `${plain}/`, `${raw}${slash}`])
          expect({ path, allowed: iamAllows(document, `${STAGE}/${method}${path}`) }).toEqual({
            path,
            allowed: false,
          })
      }
    })
    expect(spelled).toBeGreaterThan(300)
  })

  it('agrees with the decision about every request, whichever of the policies is answered', () => {
    check(
      scene,
      ({ routes, granted, requests }) => {
        const opened = openedBy(routes, granted)
        for (const { method, segments } of requests.slice(0, 5)) {
          const asked = `${STAGE}/${method}/${segments.join('/')}`
          const route = Access.routeOf(routes, method, segments)
          const granted = route !== undefined && isOpened(opened, route, method)
          const whole = Access.wholePolicy(STAGE, routes, opened)
          const document = granted
            ? whole && Access.permits(whole, asked)
              ? whole
              : Access.narrowestPolicy(asked)
            : Access.refusing(whole, asked)
          expect(document && iamAllows(document, asked)).toBe(granted)
        }
      },
      400,
    )
  })

  it('says of a request what an independent evaluation of the policy says', () => {
    const glob = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '?', '.'), maxLength: 9 })
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 9 })
    const statement = fc.record({
      Action: fc.constant('execute-api:Invoke' as const),
      Effect: fc.constantFrom('Allow' as const, 'Deny' as const),
      Resource: fc.array(glob, { maxLength: 3 }),
    })
    check(fc.tuple(fc.array(statement, { maxLength: 3 }), text), ([Statement, asked]) => {
      const document: PolicyDocument = { Version: '2012-10-17', Statement }
      expect(Access.permits(document, asked)).toBe(iamAllows(document, asked))
    })
  })

  it('picks the route that the independent model of API Gateway picks', () => {
    check(
      scene,
      ({ routes, requests }) => {
        for (const { method, segments } of requests) {
          const candidates = picked(routes, method, `/${segments.join('/')}`)
          const route = Access.routeOf(routes, method, segments)
          if (candidates.length === 0) expect(route).toBeUndefined()
          else expect(candidates).toContain(route)
        }
      },
      400,
    )
  })
})
