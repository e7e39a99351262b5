import { describe, expect, it } from 'vitest'
import { CoordinatesSchema, Digest, GroupId, Instant, idOf, Line, RouteSchema, Slug } from './schema.ts'

const GOOD = {
  slug: ['a', 'A', '0', 'orders.v2_eu-west', 'a'.repeat(64)],
  line: ['a', 'Größe & Co.', 'x'.repeat(200), '  padded  '],
  instant: ['2026-01-31T00:00:00Z', '2026-01-31T00:00:00.123Z'],
  digest: [`sha-256:${'aZ0_-'.padEnd(43, 'b')}`],
  group: ['g', 'c'.repeat(256), 'team@example.org'],
  token: ['tok_1', `tok_${'f'.repeat(64)}`],
}
const BAD = {
  slug: ['', '-a', '.a', '_a', 'a b', 'a/b', 'a*', 'é', 'a\n', 'a'.repeat(65), 7],
  line: ['', '   ', 'a\nb', 'a\u0000', '\u0085b\u0085c', 'x'.repeat(201), 7],
  instant: ['2026-01-31', '2026-01-31T00:00:00', '2026-01-31T00:00:00+01:00', '2026-02-30T00:00:00Z', 'now'],
  digest: ['', `sha-256:${'a'.repeat(42)}`, `sha-256:${'a'.repeat(44)}`, `sha-1:${'a'.repeat(43)}`],
  group: ['', 'a b', 'a,b', 'a\tb', 'a\u0000', 'c'.repeat(257)],
  token: ['', 'tok_', 'con_1', 'tok_A', `tok_${'f'.repeat(65)}`, 7, undefined],
}
const SCHEMAS = {
  slug: Slug,
  line: Line,
  instant: Instant,
  digest: Digest,
  group: GroupId,
  token: idOf('token'),
}
const names = Object.keys(SCHEMAS) as (keyof typeof SCHEMAS)[]

describe('a boundary', () => {
  it.for(names.flatMap((name) => GOOD[name].map((value) => [name, value] as const)))(
    'takes for a %s: %j',
    ([name, value]) => {
      expect(SCHEMAS[name].safeParse(value).success).toBe(true)
    },
  )

  it.for(names.flatMap((name) => BAD[name].map((value) => [name, value] as const)))(
    'takes for no %s: %j',
    ([name, value]) => {
      expect(SCHEMAS[name].safeParse(value).success).toBe(false)
    },
  )

  it('keeps a line without the space around it', () => {
    expect(Line.parse('  padded  ')).toBe('padded')
  })

  it('says which kind of id it wanted', () => {
    expect(idOf('consumer').safeParse('tok_1').error?.issues[0]?.message).toBe('not the id of a consumer')
  })
})

describe('the coordinates of a deployment', () => {
  const here = { accountId: '111111111111', region: 'eu-west-2', gatewayId: 'a1b2c3', stage: 'live' }
  const takes = (over: object) => CoordinatesSchema.safeParse({ ...here, ...over }).success

  it.for([
    {},
    { region: 'local' },
    { region: 'us-gov-west-1' },
    { stage: '$default' },
    { stage: 'a'.repeat(128) },
    { gatewayId: 'a'.repeat(32) },
  ])('may be %j', (over) => {
    expect(takes(over)).toBe(true)
  })

  it.for([
    { accountId: '11111111111' },
    { accountId: '1111111111111' },
    { accountId: 'x11111111111' },
    { region: 'eu-west' },
    { region: 'eu-west-22' },
    { region: 'xeu-west-2' },
    { region: 'eu-2' },
    { region: 'locally' },
    { region: 'xlocal' },
    { gatewayId: '' },
    { gatewayId: 'A' },
    { gatewayId: 'a/b' },
    { gatewayId: 'a'.repeat(33) },
    { stage: '' },
    { stage: 'a/b' },
    { stage: 'a.b' },
    { stage: '*' },
    { stage: '$other' },
    { stage: 'a'.repeat(129) },
    { another: 'member' },
  ])('may not be %j', (over) => {
    expect(takes(over)).toBe(false)
  })

  it('hold routes of a known method and a template of 1,024 characters at most', () => {
    const path = `/${'a'.repeat(1_023)}`
    expect(RouteSchema.safeParse({ method: 'ANY', path }).success).toBe(true)
    expect(RouteSchema.safeParse({ method: 'ANY', path: `${path}a` }).success).toBe(false)
    expect(RouteSchema.safeParse({ method: 'any', path }).success).toBe(false)
    expect(RouteSchema.safeParse({ method: 'ANY', path: '/a/*' }).success).toBe(false)
  })
})
