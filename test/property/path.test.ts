import { Access } from '@countersign/core/access'
import { segmentsOf } from '@countersign/core/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { picked } from './models.ts'
import { registry, word } from './registries.ts'

const SEED = Number(process.env.COUNTERSIGN_SEED ?? Date.now() % 1_000_000)

/** `%41` becomes one byte, all else its UTF-8; undefined for half an escape. */
const bytesOf = (raw: string): Uint8Array | undefined => {
  const bytes: number[] = []
  for (let at = 0; at < raw.length; ) {
    const hex = raw.slice(at + 1, at + 3)
    if (raw[at] === '%' && !/^[0-9A-Fa-f]{2}$/.test(hex)) return undefined
    const character = String.fromCodePoint(raw.codePointAt(at) ?? 0)
    bytes.push(...(raw[at] === '%' ? [Number.parseInt(hex, 16)] : Buffer.from(character)))
    at += raw[at] === '%' ? 3 : character.length
  }
  return Uint8Array.from(bytes)
}

const FATAL = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A decoded segment that means something else to somebody further on: to a file system, to IAM, to a log. */
const isAmbiguous = (segment: string): boolean =>
  ['.', '..'].includes(segment.split(';', 1).join('')) ||
  [...segment].some((character) => '/\\*?'.includes(character) || /\p{Cc}/u.test(character)) ||
  segment.includes('$'.concat('{'))

/** The rules of the contract once more, by decoding first: the segments, or undefined when the path is refused. */
const reference = (path: string): readonly string[] | undefined => {
  if (path[0] !== '/' || path.includes('#')) return undefined
  const raws = path.slice(1).split('/')
  if (raws.some((raw, index) => raw === '' && index < raws.length - 1)) return undefined
  const segments: string[] = []
  for (const raw of raws) {
    const bytes = bytesOf(raw)
    if (!bytes) return undefined
    try {
      segments.push(FATAL.decode(bytes))
    } catch {
      return undefined
    }
  }
  return segments.some(isAmbiguous) ? undefined : segments
}

const PIECES = [
  ...[
    'a',
    'b',
    'admin',
    '7',
    '.',
    '..',
    '/',
    '//',
    '%',
    '%2',
    '%2f',
    '%2F',
    '%5c',
    '%00',
    '%2a',
    '%3f',
    '%2e',
  ],
  ...[
    '%41',
    '%61dmin',
    '%25',
    '%252f',
    '%c3%a9',
    '%ff',
    '%c0%ae',
    '%0a',
    '%7f',
    '%23',
    '%24{',
    '$%7b',
    '${',
    '$',
    '{',
  ],
  ...[
    '*',
    '?',
    '#',
    '\\',
    '\n',
    '\u0000',
    '\u0085',
    'é',
    ' ',
    ';x=1',
    '%20',
    '+',
    '\u{1F511}',
    '%F0%9F%94%91',
    '%zz',
  ],
] as const

const raw = fc.array(fc.constantFrom(...PIECES), { maxLength: 7 }).map((pieces) => `/${pieces.join('')}`)

const escaped = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')

/** A path of words in one of the ways a client may spell it. */
const spelled = fc.array(fc.tuple(word, fc.nat()), { minLength: 1, maxLength: 4 }).map((words) => ({
  plain: words.map(([text]) => text),
  path: `/${words
    .map(([text, which]) =>
      [...text].map((character, at) => ((which >> at) & 1 ? escaped(character) : character)).join(''),
    )
    .join('/')}`,
}))

describe(`a path beside a reference that works on decoded segments (seed ${SEED}, COUNTERSIGN_SEED repeats it)`, () => {
  it('is read, or refused, exactly as the reference reads or refuses it', () => {
    let [read, refused] = [0, 0]
    fc.assert(
      fc.property(fc.oneof(raw, fc.string({ unit: 'binary', maxLength: 12 })), (path) => {
        const expected = reference(path)
        if (expected) read += 1
        else refused += 1
        expect({ path, segments: segmentsOf(path) }).toEqual({ path, segments: expected })
      }),
      { seed: SEED, numRuns: 20_000 },
    )
    expect(Math.min(read, refused)).toBeGreaterThan(1_000)
  })

  it('goes to the route that the reference sends its decoded segments to, however it is spelled', () => {
    let found = 0
    fc.assert(
      fc.property(registry, fc.array(spelled, { minLength: 5, maxLength: 5 }), (routes, paths) => {
        for (const { plain, path } of paths) {
          const segments = segmentsOf(path)
          expect({ path, segments }).toEqual({ path, segments: plain })
          const candidates = picked(routes, 'GET', `/${plain.join('/')}`)
          const route = Access.routeOf(routes, 'GET', segments ?? [])
          if (candidates.length === 0) expect(route).toBeUndefined()
          else expect(candidates).toContain(route)
          found += candidates.length
        }
      }),
      { seed: SEED, numRuns: 1_500 },
    )
    expect(found).toBeGreaterThan(300)
  })
})
