import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pathOf, sameCoordinates } from './coordinates.ts'
import { epochSeconds, instantOf, secondsIn } from './duration.ts'
import { environmentPolicy, LONGEST_TOKEN_SECONDS } from './environment.ts'
import { idFrom, isId } from './id.ts'
import { canonicalJson, digestOf } from './json.ts'
import { Redacted } from './redacted.ts'
import { applyWrite, type RegisterWrite, type Row } from './register.ts'
import { compilePath, isTemplate, parseRoute, segmentsOf, shapeOf } from './route.ts'

const SEED = Number(process.env.COUNTERSIGN_SEED ?? Date.now() % 1_000_000)

describe('a path template', () => {
  it.for([
    '/',
    '/a',
    '/a/',
    '/a/{b}',
    '/{a}/{b}',
    '/{a+}',
    '/a/{b+}',
    '/{a}.json',
    '/x{a}',
    '/{a}-{b}',
    '/$',
    '/~a.b_c',
  ])('may be %s', (path) => {
    expect(isTemplate(path)).toBe(true)
  })

  it.for([
    '',
    'a',
    '//',
    '/a//b',
    '/{a+}/b',
    '/x{a+}',
    '/{a+}x',
    '/{}',
    '/{a',
    '/a}',
    '/{{a}}',
    '/{a}{',
    '/a b',
    '/a\tb',
    '/a\0',
    '/a?',
    '/a#',
    '/*',
    '/.',
    '/..',
    '/a/../b',
    '/%61',
    '/a\\b',
    '/{a:b}',
    '/\u0085',
  ])('may not be %j', (path) => {
    expect(isTemplate(path)).toBe(false)
  })

  it.for<[string, string, boolean]>([
    ['/', '/', true],
    ['/', '/a', false],
    ['/a', '/a', true],
    ['/a', '/A', false],
    ['/a', '/a/', false],
    ['/a', '/ab', false],
    ['/a/{x}', '/a/b', true],
    ['/a/{x}', '/a/', false],
    ['/a/{x}', '/a/b/c', false],
    ['/a/{x}', '/a/a%20b', true],
    ['/a b', '/a%20b', true],
    ['/{p+}', '/a', true],
    ['/{p+}', '/a/b/c', true],
    ['/{p+}', '/', false],
    ['/a/{p+}', '/a', false],
    ['/a/{p+}', '/a/', false],
    ['/a/{p+}', '/a/b/', false],
    ['/{x}.json', '/a.json', true],
    ['/{x}.json', '/.json', false],
    ['/{x}.json', '/a.json.json', true],
    ['/{x}.json', '/a.jso', false],
    ['/{a}-{b}', '/x-y', true],
    ['/{a}-{b}', '/-y', false],
    ['/{a}-{b}', '/x-', false],
    ['/{a}-{b}', '/--', false],
    ['/{a}-{b}', '/---', true],
    ['/{a}...{b}', '/v1...v2', true],
    ['/x{a}x', '/xx', false],
    ['/x{a}x', '/xxx', true],
    ['/{a}{b}', '/x', false],
    ['/{a}{b}', '/xy', true],
    ['/caf\u00e9', '/caf%C3%A9', true],
    ['/caf\u00e9', '/cafe%CC%81', false],
  ])('%s and %s: %s', ([template, path, expected]) => {
    const segments = segmentsOf(path)
    expect(segments && compilePath(template).match(segments)).toBe(expected)
  })

  it('has the shape of every template that matches the same', () => {
    expect(shapeOf('/x/{a}/{b+}')).toBe(shapeOf('/x/{c}/{d+}'))
    expect(shapeOf('/x/{a}')).not.toBe(shapeOf('/x/{a+}'))
    expect(shapeOf('/x/{a}')).not.toBe(shapeOf('/x/a'))
  })

  it.for(['GET', 'GET  /a', 'get /a', 'GET /a b', ' GET /a', 'FETCH /a', '/a', '', 'GET a', 'GET /a\n'])(
    'is not read out of %j',
    (text) => {
      expect(parseRoute(text)).toBeUndefined()
    },
  )

  it(`compares segment by segment in bounded steps (seed ${SEED})`, () => {
    const piece = fc.constantFrom('a', 'b', '-', '.')
    const literal = fc.array(piece, { maxLength: 3 }).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(
        fc.array(literal, { minLength: 2, maxLength: 4 }),
        fc.array(piece, { minLength: 1, maxLength: 9 }),
        (literals, text) => {
          const template = `/${literals.join('{x}')}`
          const expression = new RegExp(`^${literals.map((one) => one.replaceAll('.', '\\.')).join('.+')}$`)
          const segment = text.join('')
          expect(compilePath(template).match([segment])).toBe(expression.test(segment))
        },
      ),
      { seed: SEED, numRuns: 2_000 },
    )
    const hostile = compilePath(`/${'{x}a'.repeat(200)}b`)
    expect(hostile.match(['a'.repeat(8_000)])).toBe(false)
  })
})

describe('a request path', () => {
  it.for([
    '',
    'a',
    '//',
    '/a//b',
    '/a/..',
    '/./a',
    '/%2e',
    '/%2E%2e/a',
    '/.%2e',
    '/a%2fb',
    '/a%2Fb',
    '/a%5cb',
    '/a\\b',
    '/%00',
    '/a\0',
    '/a%0A',
    '/\u007f',
    '/%7f',
    '/%C2%85',
    '/*',
    '/%2a',
    '/a?',
    '/%3f',
    '/a#b',
    '/%',
    '/%zz',
    '/%ff',
    '/%C3',
    ['/$', '{a}'].join(''),
    '/%24{a',
    '/$%7Ba',
    '/%24%7ba',
  ])('is refused when it could be read in two ways: %j', (path) => {
    expect(segmentsOf(path)).toBeUndefined()
  })

  it.for<[string, readonly string[]]>([
    ['/', ['']],
    ['/a/b', ['a', 'b']],
    ['/a/', ['a', '']],
    ['/a%20b/%C3%A9', ['a b', 'é']],
    ['/%252e', ['%2e']],
    ['/...', ['...']],
    ['/$a', ['$a']],
    ['/a;b=c', ['a;b=c']],
  ])('%s has the segments %j', ([path, segments]) => {
    expect(segmentsOf(path)).toEqual(segments)
  })
})

describe('registers', () => {
  const write = fc
    .record({
      register: fc.constantFrom('grant', 'refusal', '__proto__', 'constructor'),
      rank: fc.nat(4),
      by: fc.constantFrom('command' as const, 'projector' as const),
      sweepAfter: fc.option(fc.nat(5), { nil: undefined }),
    })
    .map(
      ({ sweepAfter, ...rest }): RegisterWrite => ({
        row: 'token#tok_1',
        ...rest,
        value: rest.rank % 2 === 0 ? null : `${rest.register} ${rest.rank}`,
        ...(sweepAfter !== undefined && { sweepAfter }),
      }),
    )
  const apply = (writes: readonly RegisterWrite[]) => writes.reduce<Row | undefined>(applyWrite, undefined)

  it(`come out alike, in whatever order and however often they are written (seed ${SEED})`, () => {
    const writes = fc.array(write, { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(
        writes.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 })),
        ),
        ([inOrder, shuffled]) => {
          expect(apply(shuffled)).toEqual(apply(inOrder))
        },
      ),
      { seed: SEED, numRuns: 1_000 },
    )
  })

  it('give way to a higher rank alone, and null keeps its rank', () => {
    const base = { row: 'r', register: 'x', by: 'projector' } as const
    const row = apply([
      { ...base, rank: 2, value: null },
      { ...base, rank: 1, value: 'late' },
    ])
    expect(row?.registers.x).toEqual({ rank: 2, value: null })
    expect(row && applyWrite(row, { ...base, rank: 2, value: 'again' })).toBe(row)
  })

  it('leave the row, rank and all, where nothing lower can come later, and not when they are overtaken', () => {
    const base = { row: 'r', by: 'command', value: null } as const
    const row: Row = { registers: { x: { rank: 2, value: 'x' }, y: { rank: 2, value: 'y' } } }
    expect(applyWrite(row, { ...base, register: 'x', rank: 3, forget: true })).toEqual({
      registers: { y: { rank: 2, value: 'y' } },
    })
    expect(applyWrite(row, { ...base, register: 'x', rank: 2, forget: true })).toBe(row)
    expect(applyWrite(row, { ...base, register: 'z', rank: 1 })).not.toHaveProperty('sweepAfter')
  })

  it('keep the latest time of sweeping, even from a write that came too late', () => {
    const base = { row: 'r', register: 'x', by: 'projector', value: 1 } as const
    expect(
      apply([
        { ...base, rank: 2, sweepAfter: 5 },
        { ...base, rank: 1, sweepAfter: 9 },
      ])?.sweepAfter,
    ).toBe(9)
  })
})

describe('ids, durations and digests', () => {
  it('say what they point at, and are nothing else', () => {
    const id = idFrom('token', Buffer.from('00ff', 'hex'))
    expect(id).toBe('tok_00ff')
    expect(isId('token', id)).toBe(true)
    for (const other of [
      'tok_',
      'tok',
      'con_00ff',
      'tok_00FF',
      'tok_00ff\n',
      'tok_00 ff',
      `tok_${'0'.repeat(65)}`,
      'tok_é',
      7,
      null,
      ['tok_1'],
      { toString: () => 'tok_1' },
    ])
      expect(isId('token', other)).toBe(false)
  })

  it('are whole numbers of one unit', () => {
    expect(['90s', '15m', '12h', '30d', '1s'].map(secondsIn)).toEqual([90, 900, 43_200, 2_592_000, 1])
    for (const text of [
      '',
      '0s',
      '01s',
      '-1s',
      '1.5h',
      '1h30m',
      '1 h',
      '1H',
      'h',
      '1w',
      '1d\n',
      '1e3s',
      '9999999999d',
      '٣d',
    ])
      expect(secondsIn(text)).toBeUndefined()
    expect(epochSeconds(new Date(1_999))).toBe(1)
    expect(instantOf(1)).toBe('1970-01-01T00:00:01.000Z')
  })

  it('do not depend on the order of members, and depend on everything else', () => {
    expect(digestOf({ a: 1, b: [{ c: 2, d: 3 }] })).toBe(digestOf({ b: [{ d: 3, c: 2 }], a: 1 }))
    expect(digestOf({ a: 1, b: undefined })).toBe(digestOf({ a: 1 }))
    const all = [
      {},
      [],
      [null],
      null,
      '',
      0,
      '0',
      false,
      { a: [] },
      { a: {} },
      { a: [1, 2] },
      { a: [2, 1] },
      { 'a":1,"b': 2 },
      { a: 1, b: 2 },
    ]
    expect(new Set(all.map(digestOf)).size).toBe(all.length)
    expect(canonicalJson([undefined])).toBe('[null]')
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
      { seed: SEED, numRuns: 300 },
    )
  })

  it('compare coordinates whole', () => {
    const here = { accountId: '111111111111', region: 'eu-west-2', gatewayId: 'a', stage: 's' }
    expect(sameCoordinates(here, { ...here })).toBe(true)
    for (const name of Object.keys(here)) expect(sameCoordinates(here, { ...here, [name]: 'x' })).toBe(false)
    expect(pathOf(here)).toBe('111111111111/eu-west-2/a/s')
  })

  it('know environments by their own name alone', () => {
    expect(environmentPolicy('production').needsApproval).toBe(true)
    for (const name of ['staging', 'constructor', '__proto__', 'toString', 'Production'])
      expect(environmentPolicy(name).needsApproval).toBe(false)
    expect(LONGEST_TOKEN_SECONDS).toBe(environmentPolicy('staging').longestTokenSeconds)
  })
})

describe('a redacted value', () => {
  it('is shown by nothing but reveal', () => {
    const secret = new Redacted('hunter2')
    const shown = [
      String(secret),
      `${secret}`,
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ secret }, { showHidden: true, depth: 9 }),
      inspect(secret, { customInspect: false, showHidden: true }),
      Object.values(secret).join(),
      JSON.stringify(Object.getOwnPropertyDescriptors(secret)),
      canonicalJson({ secret }),
      new Error(`failed: ${secret}`).stack,
    ]
    for (const text of shown) expect(text).not.toContain('hunter2')
    expect([`${secret}`, inspect(secret), JSON.stringify([secret])]).toEqual([
      ...['[redacted]', '[redacted]', '["[redacted]"]'],
    ])
    expect(secret.reveal()).toBe('hunter2')
  })
})
