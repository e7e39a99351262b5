import { describe, expect, it } from 'vitest'
import { readDocument } from './document.ts'
import { parseText } from './document-text.ts'

type Source = Parameters<typeof readDocument>[0]

const faultsOf = async (source: Source) => {
  const read = await readDocument(source)
  return read.ok ? [] : read.error
}

const malformed = (detail: string) => ({ pointer: '', code: 'document_malformed', detail })
const wrongWith = (text: string) => {
  const parsed = parseText(text)
  return parsed.ok ? [] : parsed.error.map(({ pointer, code, detail }) => ({ pointer, code, detail }))
}

const openapi = (more: object = {}, version = '3.1.0') => ({
  openapi: version,
  info: { title: 'Tenancies', version: '1' },
  paths: {},
  ...more,
})

/** A list in a list, so many times. */
const nested = (depth: number): unknown => (depth === 0 ? [] : [nested(depth - 1)])

describe('a text', () => {
  it('is JSON or YAML 1.2, whose words are words', () => {
    expect(parseText('{"a": [1, null]}')).toEqual({ ok: true, value: { a: [1, null] } })
    expect(parseText('a: yes\nb: 0o10\nc: 2026-03-01\n')).toEqual({
      ok: true,
      value: { a: 'yes', b: 8, c: '2026-03-01' },
    })
  })

  it('that is none is said in one line for each thing that is wrong', () => {
    const [first, ...others] = wrongWith('a: [1\nb: "c')
    expect(first).toMatchObject({ pointer: '', code: 'document_malformed' })
    expect(others.length).toBeGreaterThan(0)
    for (const { detail } of [first, ...others].filter((one) => one !== undefined)) {
      expect(detail).toMatch(/^\w.{10,}/)
      expect(detail).not.toContain('\n')
    }
  })

  it('is not read out of a hundred things that are wrong with it', () => {
    expect(wrongWith(Array.from({ length: 150 }, (_, index) => `"${index}": "a" b`).join('\n'))).toHaveLength(
      100,
    )
    const twice = Array.from({ length: 150 }, (_, index) => `k${index}: 1\nk${index}: 2`).join('\n')
    expect(wrongWith(twice)).toHaveLength(100)
  })

  it('names no member twice in one object, however it is spelt, and has no key that is no name', () => {
    expect(wrongWith('a: 1\nb: {c: 1}\na: 2\n')).toEqual([malformed('"a" is there twice in one object')])
    expect(wrongWith('200: 1\n"200": 2\n')).toEqual([malformed('"200" is there twice in one object')])
    expect(wrongWith('x: {c: 1, d: 2, c: 3}\n')).toEqual([malformed('"c" is there twice in one object')])
    expect(wrongWith('? [a, b]\n: 1\n')).toEqual([malformed('a key that is not a plain name')])
    expect(wrongWith('a: {c: 1}\nb: {c: 1}\n')).toEqual([])
  })

  it('has not quite two hundred aliases, and is told so where it has more', () => {
    const aliased = (count: number) => `a: &a 1\nb: [${Array.from({ length: count }, () => '*a').join(', ')}]`
    expect(wrongWith(aliased(199))).toEqual([])
    expect(wrongWith(aliased(201))).toEqual([malformed('more than 200 YAML aliases')])
    expect(wrongWith(`a: 1\na: 2\n${aliased(201).replace('a: &a', 'c: &a')}`)).toEqual([
      malformed('more than 200 YAML aliases'),
    ])
  })

  it('whose aliases expand to too much is left', () => {
    const levels = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? 'l0: &l0 [x, x, x, x, x, x, x, x]'
        : `l${level}: &l${level} [${`*l${level - 1}, `.repeat(8)}]`,
    )
    expect(wrongWith(levels.join('\n'))).toEqual([
      malformed('it nests too deep, or its YAML aliases expand to too much'),
    ])
  })
})

describe('a document', () => {
  it.each(['[]', '7', '"text"', 'null', ''])('is an object, and %j is none', async (text) => {
    expect(await faultsOf(text)).toEqual([malformed('an OpenAPI document is an object')])
  })

  it.each(['3.0.0', '3.0.4', '3.1.12', '3.1.0-rc.1'])('may be of OpenAPI %s', async (version) => {
    const read = await readDocument(openapi({}, version))
    expect(read.ok && read.value.version).toBe(version.slice(0, 3))
  })

  it.each(['2.0', '3', '3.1', '3.2.0', '13.1.0', '3.1.0 ', '3.1.x', '3.1.0-', '3.1.0-rc 1', 3.1, undefined])(
    'is not taken as OpenAPI %j',
    async (version) => {
      expect(await faultsOf({ ...openapi(), openapi: version })).toEqual([
        {
          ...{ pointer: '', code: 'version_unsupported' },
          detail: 'say swagger: "2.0", or openapi: "3.0.x" or "3.1.x"',
        },
      ])
    },
  )

  it('nests two hundred levels and no more', async () => {
    // The root and the member are two of them.
    expect(await faultsOf(openapi({ 'x-deep': nested(199) }))).toEqual([])
    expect(await faultsOf(openapi({ 'x-deep': nested(200) }))).toEqual([
      { pointer: '', code: 'document_too_deep', detail: 'nested deeper than 200 levels' },
    ])
  })

  it('has so many values and no more, and lists that can be compared', async () => {
    const tooLarge = {
      ...{ pointer: '', code: 'document_too_large' },
      detail: 'more than 200000 values, or lists too long to compare',
    }
    const values = (count: number) => openapi({ 'x-many': Object.fromEntries(Array(count).entries()) })
    // Of the others: three of the root's own and this one, and two of `info`.
    expect(await faultsOf(values(200_000 - 6))).toEqual([])
    expect(await faultsOf(values(200_000 - 5))).toEqual([tooLarge])
    expect(await faultsOf(openapi({ 'x-list': Array(5_000).fill(0) }))).toEqual([])
    expect(await faultsOf(openapi({ 'x-list': Array(5_001).fill(0) }))).toEqual([tooLarge])
  })

  it('is told what is wrong with it where it stands, by name, once, and not what only gathers that', async () => {
    const wrong = openapi({ more: 1, info: { title: 'Tenancies' }, servers: [{ url: 7 }] })
    const faults = await faultsOf(wrong)
    expect(faults).toContainEqual({
      ...{ pointer: '/info', code: 'document_invalid' },
      detail: "must have required property 'version'",
    })
    expect(faults).toContainEqual({
      ...{ pointer: '/servers/0/url', code: 'document_invalid' },
      detail: 'must be string',
    })
    expect(faults).toContainEqual({
      ...{ pointer: '', code: 'document_invalid' },
      detail: 'must NOT have unevaluated properties: "more"',
    })
    expect(new Set(faults.map((one) => JSON.stringify(one))).size).toBe(faults.length)
    expect(JSON.stringify(faults)).not.toMatch(/must match|schema in (oneOf|anyOf)/)
  })

  it('is told which values there are', async () => {
    const swagger = { swagger: '2.0', info: { title: 'Tenancies', version: '1' }, paths: {} }
    const [first, ...others] = await faultsOf({ ...swagger, schemes: ['gopher'] })
    expect(first).toEqual({
      ...{ pointer: '/schemes/0', code: 'document_invalid' },
      detail: 'must be equal to one of the allowed values: http, https, ws, wss',
    })
    expect(others).toEqual([])
    expect(await faultsOf({ ...swagger, more: 1 })).toEqual([
      {
        ...{ pointer: '', code: 'document_invalid' },
        detail: 'must NOT have additional properties: "more"',
      },
    ])
  })

  it('is not read out of a hundred faults', async () => {
    const paths = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`/p${index}`, { get: 7 }]))
    expect(await faultsOf(openapi({ paths }))).toHaveLength(100)
  })
})
