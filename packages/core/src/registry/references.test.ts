import { describe, expect, it } from 'vitest'
import { dereferenced, escaped, referenceFaults, resolvePointer } from './references.ts'

const faultsIn = (root: object) =>
  referenceFaults({ ...root }).map(({ pointer, code, detail }) => [pointer, code, detail])

describe('a reference', () => {
  it('is faulted where it stands, with what it says', () => {
    const root = {
      paths: { '/a~b': [{ $ref: '#/nowhere' }, { $ref: 'other.yaml#/a' }] },
      ok: { $ref: '#/paths' },
      whole: { $ref: '#' },
    }
    expect(faultsIn(root)).toEqual([
      ['/paths/~1a~0b/0/$ref', 'reference_unresolved', '"#/nowhere" is not in the document'],
      ['/paths/~1a~0b/1/$ref', 'reference_outside_document', '"other.yaml#/a" is never fetched'],
    ])
  })

  it.for(['example', 'examples', 'default', 'enum', 'const', 'mapping', 'x-anything'])(
    'is data within %s, however deep',
    (name) => {
      expect(faultsIn({ schema: { [name]: { a: [{ $ref: 'x' }] } } })).toEqual([])
      expect(faultsIn({ schema: { [`${name}s-of`]: { $ref: 'x' } } })).toHaveLength(
        name === 'x-anything' ? 0 : 1,
      )
    },
  )

  it('is one in the default response, and in nothing else that is called so', () => {
    const named = { default: { $ref: '#/nowhere' } }
    expect(faultsIn({ get: { responses: named } }).map(([pointer]) => pointer)).toEqual([
      '/get/responses/default/$ref',
    ])
    expect(faultsIn({ get: { responses: { example: { $ref: '#/nowhere' } } } })).toEqual([])
    expect(faultsIn({ responses: { schema: named } })).toEqual([])
  })

  it('may name an anchor of a schema, whole', () => {
    const anchored = { components: [{ a: { $anchor: 'node' } }] }
    expect(faultsIn({ ...anchored, b: { $ref: '#node' } })).toEqual([])
    expect(faultsIn({ ...anchored, b: { $ref: '#nod' } })).toHaveLength(1)
    expect(faultsIn({ a: { $anchor: 7 }, b: { $ref: '#7' } })).toHaveLength(1)
    expect(faultsIn({ b: { $ref: '#$anchor' }, c: null })).toHaveLength(1)
  })
})

describe('a pointer', () => {
  const root = { a: { 'b/c': [{ '~d': 1 }], 'e f': 2, '': 3 }, text: 'word', nothing: null }

  it.for([
    ['#', root],
    ['#/a/b~1c/0/~0d', 1],
    ['#/a/e%20f', 2],
    ['#/a/', 3],
    ['#/nothing', null],
  ] as const)('%s leads to what is there', ([reference, found]) => {
    expect(resolvePointer(root, reference)).toEqual(found)
  })

  it.for([
    '',
    'a',
    '/a',
    '#a',
    '#/b',
    '#/a/b/c',
    '#/text/length',
    '#/nothing/a',
    '#/a/toString',
    '#/__proto__',
    '#/a/%zz',
    '#/a/b~1c/1',
  ])('%j leads nowhere', (reference) => {
    expect(resolvePointer(root, reference)).toBeUndefined()
  })

  it('has no slash and no tilde of a name in it', () => {
    expect(escaped('a/b~c/~1')).toBe('a~1b~0c~1~01')
  })
})

describe('what a chain of references ends at', () => {
  const root = {
    one: { $ref: '#/two' },
    two: { $ref: '#/three' },
    three: { type: 'oauth2' },
    circle: { $ref: '#/circle' },
    broken: { $ref: '#/nowhere' },
    list: { $ref: '#/items' },
    items: [1],
    odd: { $ref: 7 },
  }

  it('is the object there, or the object itself', () => {
    expect(dereferenced(root, root.one)).toBe(root.three)
    expect(dereferenced(root, root.three)).toBe(root.three)
    expect(dereferenced(root, root.odd)).toBe(root.odd)
  })

  it.for(['circle', 'broken', 'list', 'items'] as const)('is none: %s', (name) => {
    expect(dereferenced(root, root[name])).toBeUndefined()
  })
})
