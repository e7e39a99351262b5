import { Access } from '@countersign/core/access'
import type { Authorization, Method, ProtectedRoute, Route } from '@countersign/core/shared'
import fc from 'fast-check'

const WORDS = ['a', 'b', 'ab', 'admin', 'a.json', 'x-y'] as const
const SEGMENTS = [...WORDS, '{x}', '{y}', '{x}.json', 'a{x}', '{x}-{y}'] as const
const METHODS = ['GET', 'POST', 'ANY'] as const

const template = fc
  .tuple(
    fc.array(fc.constantFrom(...SEGMENTS), { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '', '', '{proxy+}'),
  )
  .map(([segments, greedy]) => `/${[...segments, ...(greedy ? [greedy] : [])].join('/')}`)
const path = fc.oneof({ weight: 8, arbitrary: template }, fc.constantFrom('/', '/{proxy+}'))

const route = fc.record({
  method: fc.constantFrom<Method>(...METHODS),
  path,
  authorization: fc.constantFrom<Authorization>('token', 'token', 'token+group', 'iam', 'open'),
})

/** Routes that API Gateway can tell apart, as registration demands. */
export const registry = fc.uniqueArray(route, {
  minLength: 1,
  maxLength: 7,
  selector: (one) => Access.routeShape(one),
})

export const grants = (routes: readonly ProtectedRoute[]) =>
  fc
    .subarray([...routes])
    .chain((chosen) =>
      fc.tuple(
        ...chosen.map(({ method, path }) =>
          fc
            .constantFrom<Method>(
              method,
              ...(method === 'ANY' ? (['GET', 'PATCH'] as const) : ['ANY' as const]),
            )
            .map((granted): Route => ({ method: granted, path })),
        ),
      ),
    )

export const word = fc.constantFrom(...WORDS, '7', 'c', 'b-a', 'administrator')
const filled = (templates: readonly string[]) =>
  fc
    .tuple(fc.constantFrom(...templates), word, word)
    .map(([template, one, two]) =>
      template
        .slice(1)
        .replaceAll('{proxy+}', `${one}/${two}`)
        .replaceAll('{x}', one)
        .replaceAll('{y}', two)
        .split('/'),
    )

/** Paths made of the registered templates, and paths made of nothing but words. */
export const requestsFor = (routes: readonly ProtectedRoute[]) =>
  fc.array(
    fc.record({
      method: fc.constantFrom('GET', 'POST', 'PATCH', 'HEAD'),
      segments: fc.oneof(
        filled(routes.map(({ path }) => path)),
        fc.array(word, { minLength: 1, maxLength: 5 }),
      ),
      slash: fc.constantFrom('', '', '/'),
      encoded: fc.nat(40),
    }),
    { minLength: 20, maxLength: 20 },
  )

export const scene = registry.chain((routes) =>
  fc.record({ routes: fc.constant(routes), granted: grants(routes), requests: requestsFor(routes) }),
)
