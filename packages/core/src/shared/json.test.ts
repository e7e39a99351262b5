import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, digestOf, hasDuplicateMember } from './json.ts'

const SEED = Number(process.env.COUNTERSIGN_SEED ?? Date.now() % 1_000_000)

describe('a member that an object names twice', () => {
  it.for([
    '{"a":1,"a":2}',
    ' {"a":1,"b":2,"a":3}',
    '{"a":1,"\\u0061":2}',
    '{"a" :1,"a"\n\t :2}',
    '{"a":{},"a":1}',
    '{"a":[],"a":1}',
    '{"a":[{}],"a":1}',
    '{"":1,"":2}',
    '{"a\\"":1,"a\\"":2}',
    '{"a\\\\":1,"a\\\\":2}',
    '{"a":"\\\\","a":1}',
    '{"a":"}","a":"{"}',
    '{"a":"]","a":"["}',
    '{"__proto__":1,"__proto__":2}',
    '[{"a":1,"a":1}]',
    '{"b":{"a":1,"a":2}}',
    '{"b":[1,{"a":1,"a":1}]}',
  ])('is seen in %s', (text) => {
    expect(hasDuplicateMember(text)).toBe(true)
  })

  it.for([
    '{}',
    '[]',
    '1',
    '"a"',
    '["a","a"]',
    '[["a"],"a"]',
    '{"a":"a","b":"a"}',
    '{"a":["a","a"]}',
    '[{"a":1},{"a":1}]',
    '{"a":{"a":{"a":1}}}',
    '{"a":["a"],"b":{"a":1}}',
    '{"a":1,"A":2}',
    '{"a":"\\",\\"a\\":1"}',
    '{"a\\\\":1,"a":2}',
    '{"b":[{"a":1}],"a":2}',
  ])('is none in %s', (text) => {
    expect(hasDuplicateMember(text)).toBe(false)
  })

  it(`is seen wherever it stands and however it is spelt (seed ${SEED})`, () => {
    const space = fc.constantFrom('', ' ', '\n', '\t ')
    const name = fc.constantFrom('a', 'b', '', '"', '\\', ':', '{', '[').chain((plain) => {
      const escaped = [...plain].map((one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
      return fc.constantFrom(JSON.stringify(plain), `"${escaped.join('')}"`).map((text) => ({ plain, text }))
    })
    const { value } = fc.letrec<{ value: { readonly text: string; readonly twice: boolean } }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        name.map(({ text }) => ({ text, twice: false })),
        fc.array(tie('value'), { maxLength: 3 }).map((all) => ({
          text: `[${all.map(({ text }) => text).join(',')}]`,
          twice: all.some(({ twice }) => twice),
        })),
        fc.array(fc.tuple(name, space, tie('value')), { maxLength: 3 }).map((all) => ({
          text: `{${all.map(([member, between, { text }]) => `${member.text}${between}:${text}`).join(',')}}`,
          twice:
            new Set(all.map(([member]) => member.plain)).size < all.length ||
            all.some(([, , { twice }]) => twice),
        })),
      ),
    }))
    fc.assert(
      fc.property(value, ({ text, twice }) => {
        JSON.parse(text)
        expect(hasDuplicateMember(text)).toBe(twice)
      }),
      { seed: SEED, numRuns: 500 },
    )
  })
})

describe('a digest', () => {
  it('says what made it, over members in the order of their names', () => {
    expect(canonicalJson({ b: 2, a: { d: [true, 'x'], c: null }, e: undefined })).toBe(
      '{"a":{"c":null,"d":[true,"x"]},"b":2}',
    )
    expect(digestOf({})).toBe('sha-256:RBNvo1WzZ4oRRq0W9-hknpT7T8If536DEMBg9hyq_4o')
  })
})
