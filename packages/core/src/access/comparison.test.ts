import { describe, expect, it } from 'vitest'
import type { Json } from '../shared/json.ts'
import type { Register } from '../shared/register.ts'
import { type Compared, compareRow, describeDifference } from './comparison.ts'
import type { LoggedRegister } from './log-fold.ts'
import { type StoredRow, WHOLE_ROW } from './stored-row.ts'

type Registers = Readonly<Record<string, Register>>
type Known = Readonly<Record<string, Register & { readonly gone?: boolean }>>

const KEY = 'token#tok_1'
const NOW = 1_000
const at = (rank: number, value: Json = 'x'): Register => ({ rank, value })

const stored = (registers: Registers, more: Partial<StoredRow> = {}): StoredRow => ({
  ...{ key: KEY, registers, unreadable: [], exact: undefined },
  ...more,
})
const logged = (registers: Known, sweepAfter = 0) => ({
  registers: new Map<string, LoggedRegister>(
    Object.entries(registers).map(([name, register]) => [name, { gone: false, ...register }]),
  ),
  sweepAfter,
})
const compare = (
  seen: StoredRow | undefined,
  log?: ReturnType<typeof logged>,
  more: Partial<Compared> = {},
) => compareRow({ key: KEY, seen, logged: log, isAsked: () => true, now: NOW, lift: false, ...more })

const found = (...given: Parameters<typeof compare>) =>
  compare(...given).differences.map(({ register, finding }) => `${register} ${finding}`)

describe('a row that is stored, beside what the log makes of it', () => {
  it('is as it should be when both say the same', () => {
    const seen = stored({ grant: at(1), refusal: at(2, null) }, { sweepAfter: 2_000 })
    expect(compare(seen, logged({ grant: at(1), refusal: at(2, null) }, 2_000))).toEqual({
      ...{ key: KEY, seen, differences: [], isToMend: false },
      wanted: { registers: { grant: at(1), refusal: at(2, null) }, sweepAfter: 2_000 },
    })
  })

  it.each<[string, Parameters<typeof compare>, readonly string[]]>([
    ['a row that is not there', [undefined, logged({ grant: at(1) })], ['grant missing']],
    ['a register that is not there', [stored({}), logged({ grant: at(1) })], ['grant missing']],
    ['an event that did not arrive', [stored({ grant: at(1) }), logged({ grant: at(2) })], ['grant behind']],
    ['a rank that no event gave', [stored({ grant: at(3) }), logged({ grant: at(2) })], ['grant ahead']],
    ['another value', [stored({ grant: at(1, 'y') }), logged({ grant: at(1) })], ['grant altered']],
    ['a row of no event', [stored({ grant: at(1) })], ['grant unexplained']],
    ['a register of no event', [stored({ grant: at(1) }), logged({})], ['grant unexplained']],
    [
      'one that left its row and is still there',
      [stored({ mark: at(3) }), logged({ mark: { ...at(3), gone: true } })],
      ['mark behind'],
    ],
    [
      'one that came again after it left',
      [stored({ mark: at(4) }), logged({ mark: { ...at(3), gone: true } })],
      ['mark unexplained'],
    ],
    ['one that left', [stored({}), logged({ mark: { ...at(3), gone: true } })], []],
    [
      'a register that cannot be read',
      [stored({}, { unreadable: ['grant'] }), logged({ grant: at(1) })],
      ['grant unreadable'],
    ],
    [
      'a row that cannot be read',
      [stored({}, { unreadable: [WHOLE_ROW] }), logged({ grant: at(1) })],
      ['grant unreadable'],
    ],
    ['a row that cannot be read, of no event', [stored({}, { unreadable: [WHOLE_ROW] })], ['* unreadable']],
    [
      'a register that cannot be read, of no event',
      [stored({}, { unreadable: ['grant'] }), logged({})],
      ['grant unreadable'],
    ],
    ['a time of nothing at all', [stored({}, { sweepAfter: 5 })], []],
    [
      'a time of what left its row',
      [stored({}, { sweepAfter: 5 }), logged({ mark: { ...at(3), gone: true } })],
      ['sweepAfter altered'],
    ],
    [
      'a time of no event',
      [stored({ grant: at(1) }, { sweepAfter: 5 })],
      ['grant unexplained', 'sweepAfter altered'],
    ],
    [
      'a time that cannot be read',
      [stored({ grant: at(1) }, { unreadable: ['sweepAfter'] }), logged({ grant: at(1) }, 2_000)],
      ['sweepAfter unreadable'],
    ],
    [
      'an earlier time',
      [stored({ grant: at(1) }, { sweepAfter: 1_500 }), logged({ grant: at(1) }, 2_000)],
      ['sweepAfter altered'],
    ],
    [
      'a later time',
      [stored({ grant: at(1) }, { sweepAfter: 2_500 }), logged({ grant: at(1) }, 2_000)],
      ['sweepAfter altered'],
    ],
    ['a row that was swept in its time', [undefined, logged({ grant: at(1) }, NOW - 1)], []],
    ['a row that was swept too early', [undefined, logged({ grant: at(1) }, NOW)], ['grant missing']],
    [
      'what is over and half there',
      [stored({ grant: at(1) }, { sweepAfter: 900 }), logged({ grant: at(2), refusal: at(3) }, 900)],
      [],
    ],
    [
      'what is over and of another value',
      [stored({ grant: at(1, 'y') }, { sweepAfter: 900 }), logged({ grant: at(1) }, 900)],
      ['grant altered'],
    ],
  ])('shows %s', (_, given, findings) => {
    expect(found(...given)).toEqual(findings)
  })

  it('is to be what the log says, with what nobody asked about left as it is', () => {
    const seen = stored({ grant: at(1, 'y'), other: at(9, 'kept') }, { sweepAfter: 5 })
    const isAsked = (register: string) => register === 'grant'
    expect(compare(seen, logged({ grant: at(1), refusal: at(2) }, 2_000), { isAsked })).toMatchObject({
      ...{ isToMend: true, differences: [{ register: 'grant', stored: at(1, 'y'), logged: at(1) }] },
      wanted: { registers: { grant: at(1), other: at(9, 'kept') }, sweepAfter: 5 },
    })
    expect(compare(stored({ grant: at(1, 'y') }), logged({ grant: at(1) })).wanted).toStrictEqual({
      registers: { grant: at(1) },
    })
  })

  it('is to be none when the log knows of nothing in it', () => {
    const compared = compare(stored({ grant: at(1) }))
    expect(compared.wanted).toBeUndefined()
    expect(compared.isToMend).toBe(true)
    expect(compare(stored({}, { unreadable: [WHOLE_ROW] }))).toMatchObject({
      ...{ wanted: undefined, isToMend: true },
    })
    expect(compare(undefined, logged({ grant: at(1) }, NOW - 1)).isToMend).toBe(false)
  })

  it('stays as long as any refusal in it, beside what is mended', () => {
    const seen = stored({ refusal: at(5, 'y'), grant: at(1, 'y') }, { sweepAfter: 3_000 })
    const compared = compare(seen, logged({ grant: at(1) }, 2_000))
    expect(compared.differences).toMatchObject([
      { register: 'refusal', stays: true },
      { register: 'grant', stays: false },
    ])
    expect(compared.wanted).toEqual({ registers: { refusal: at(5, 'y'), grant: at(1) }, sweepAfter: 3_000 })
  })
})

describe('a refusal that the log does not know of', () => {
  it.each<[string, string, Json]>([
    [KEY, 'refusal', { why: 'revoked' }],
    [KEY, 'superseded', { until: 0 }],
    [KEY, 'refused', { tokens: ['a'] }],
    ['deployment#1/r/g/s#0', 'binding', null],
    ['fence#0', 'lockdown', { since: 'x' }],
  ])('stays in %s, register %s: %j', (key, register, value) => {
    const seen = stored({ [register]: at(5, value) }, { sweepAfter: 2_000 })
    const compared = compare(seen, undefined, { key })
    expect(compared.differences).toMatchObject([{ register, finding: 'unexplained', stays: true }])
    expect(compared.isToMend).toBe(false)
    expect(compared.wanted).toEqual({ registers: { [register]: at(5, value) }, sweepAfter: 2_000 })
    const lifted = compare(seen, undefined, { key, lift: true })
    expect(lifted.isToMend).toBe(true)
    expect(lifted.wanted).toBeUndefined()
  })

  it.each<[string, string, Json]>([
    [KEY, 'refusal', null],
    [KEY, 'grant', { consumer: 'x' }],
    ['fence#0', 'lockdown', null],
  ])('is none in %s, register %s: %j', (key, register, value) => {
    const compared = compare(stored({ [register]: at(5, value) }), undefined, { key })
    expect(compared.differences).toMatchObject([{ stays: false }])
    expect(compared.isToMend).toBe(true)
  })

  it('goes when the log says later that it is lifted', () => {
    const compared = compare(stored({ refusal: at(5, 'y') }), logged({ refusal: at(6, null) }))
    expect(compared.differences).toMatchObject([{ finding: 'behind', stays: false }])
    expect(compared.wanted).toEqual({ registers: { refusal: at(6, null) } })
  })
})

describe('a line about a difference', () => {
  const linesOf = (...given: Parameters<typeof compare>) =>
    compare(...given).differences.map(describeDifference)

  it('says the row, the register, what is there and what the log says', () => {
    expect(linesOf(stored({ grant: at(1, { a: 1 }) }), logged({ grant: at(2) }))).toEqual([
      `${KEY}  grant  behind  stored 1: {"a":1}  log 2: "x"`,
    ])
    expect(linesOf(undefined, logged({ grant: at(2) }))).toEqual([
      `${KEY}  grant  missing  stored nothing  log 2: "x"`,
    ])
    expect(linesOf(stored({ grant: at(2) }, { sweepAfter: 7 }), logged({ grant: at(2) }))).toEqual([
      `${KEY}  sweepAfter  altered  stored 7  log nothing`,
    ])
  })

  it('is cut after 160 characters of a value', () => {
    const [line] = linesOf(stored({ grant: at(1, 'y'.repeat(158)) }))
    expect(line).toBe(`${KEY}  grant  unexplained  stored 1: "${'y'.repeat(158)}"  log nothing`)
    const [cut] = linesOf(stored({ grant: at(1, 'y'.repeat(159)) }))
    expect(cut).toBe(`${KEY}  grant  unexplained  stored 1: "${'y'.repeat(159)}…  log nothing`)
  })
})
