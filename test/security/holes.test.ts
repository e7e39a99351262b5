import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const PAGE = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')

interface Named {
  readonly numbers: string
  readonly file: string
  readonly title: string
}

const named: readonly Named[] = [...PAGE.matchAll(/^\| ([ABP][^|]*) \|[^|]*\| `([^`]+)` › (.+) \|$/gm)].map(
  ([, numbers = '', file = '', title = '']) => ({ numbers, file, title }),
)

/** Whether a test of this title, or a case of that name, stands in the text of a file. */
const holds = (text: string, title: string): boolean =>
  ["'", '"', '`'].some((quote) => text.includes(`${quote}${title}`))

/** `A14` and every number of `P12–P15 P19`. */
const numbersIn = (text: string): readonly string[] =>
  text.split(' ').flatMap((part) => {
    const [from = '', to = from] = part.split('–')
    const [first, last] = [from, to].map((one) => Number(one.slice(1))) as [number, number]
    return Array.from({ length: last - first + 1 }, (_, index) => `${from[0]}${first + index}`)
  })

describe('the table of holes', () => {
  it.each(named)('$numbers is closed by a test that is there: $title', ({ file, title }) => {
    expect(existsSync(join(ROOT, file))).toBe(true)
    expect(holds(readFileSync(join(ROOT, file), 'utf8'), title)).toBe(true)
  })

  it('names every hole and every case, or says that it is open', () => {
    const numbers = new Set(named.flatMap((one) => numbersIn(one.numbers)))
    const open = [...PAGE.matchAll(/^Open,.*$/gm)].flatMap(([line]) => line.match(/A\d+/g) ?? [])
    const all = [
      ...Array.from({ length: 21 }, (_, index) => `A${index + 1}`),
      ...Array.from({ length: 9 }, (_, index) => `B${index + 1}`),
      ...Array.from({ length: 22 }, (_, index) => `P${index + 1}`).filter(
        (one) => one !== 'P3' && one !== 'P18',
      ),
    ]
    expect(all.filter((one) => !numbers.has(one) && !open.includes(one))).toEqual([])
  })

  it('is told from one whose test was renamed', () => {
    expect(holds("it('opens nothing', () => {})", 'opens nothing')).toBe(true)
    expect(holds("it('opens it all', () => {})", 'opens nothing')).toBe(false)
  })
})
