import { describe, expect, it } from 'vitest'
import { basePathOf } from './base-path.ts'

const at = (url: string, variables?: unknown): string =>
  basePathOf({ version: '3.1', root: { servers: [{ url, variables }] } as never }, {}, {})

describe('what stands before every path', () => {
  it.each([
    ['https://api.example.org/v1', '/v1'],
    ['HTTPS://api.example.org/v1/', '/v1'],
    ['git+ssh.2-x://host/v1', '/v1'],
    ['//api.example.org/v1', '/v1'],
    ['https://api.example.org', ''],
    ['https://api.example.org?at=/v1', ''],
    ['https://api.example.org#/v1', ''],
    ['https://api.example.org/v1?to=/v2', '/v1'],
    ['https://api.example.org/v1#/v2\n/v3', '/v1'],
    ['/v1///', '/v1'],
    ['v1', '/v1'],
    ['./v1', '/v1'],
    ['', ''],
    ['/', ''],
    // An address within a path is no origin.
    ['/proxy/https://api.example.org/v1', '/proxy/https://api.example.org/v1'],
    ['/proxy//host/v1', '/proxy//host/v1'],
  ])('of %j is %j', (url, path) => {
    expect(at(url)).toBe(path)
  })

  it('has the defaults of its variables, and what is none as it stands', () => {
    expect(at('https://{host}/{base}/{v}', { host: { default: 'h' }, base: { default: 'b' }, v: {} })).toBe(
      '/b/{v}',
    )
    for (const variables of [
      undefined,
      null,
      'base',
      [],
      { other: { default: 'b' } },
      { base: undefined },
      { base: null },
      { base: 'b' },
      { base: { default: 7 } },
    ])
      expect(at('/{base}', variables)).toBe('/{base}')
    expect(at('/{constructor}/{toString}', {})).toBe('/{constructor}/{toString}')
  })

  it('is expanded to 4,096 characters of variables and no further', () => {
    const variables = {
      whole: { default: 'x'.repeat(4_096) },
      half: { default: 'y'.repeat(2_048) },
      a: { default: 'z' },
    }
    expect(at('/{whole}', variables)).toBe(`/${'x'.repeat(4_096)}`)
    expect(at('/{whole}{a}', variables)).toBe(`/${'x'.repeat(4_096)}{a}`)
    expect(at('/{half}{half}{half}', variables)).toBe(`/${'y'.repeat(4_096)}{half}`)
  })

  it('is that of the operation before that of its path, and that before the whole document', () => {
    const server = (url: string) => ({ servers: [{ url }] })
    const document = { version: '3.0', root: server('/root') } as never
    expect(basePathOf(document, server('/item'), server('/operation'))).toBe('/operation')
    expect(basePathOf(document, server('/item'), { servers: [] })).toBe('/item')
    expect(basePathOf(document, {}, { servers: 'none' })).toBe('/root')
    expect(basePathOf({ version: '3.0', root: {} } as never, {}, {})).toBe('')
    expect(basePathOf({ version: '3.0', root: { servers: ['/text'] } } as never, {}, {})).toBe('')
  })

  it('of Swagger 2.0 is its basePath, and no server of it', () => {
    const swagger = (root: object) => basePathOf({ version: '2.0', root } as never, {}, {})
    expect(swagger({ basePath: '/v1/' })).toBe('/v1')
    expect(swagger({ basePath: 7 })).toBe('')
    expect(swagger({ servers: [{ url: '/v1' }] })).toBe('')
  })
})
