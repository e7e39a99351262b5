import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Figure, isMet } from './figure.ts'

/** Ratios by the name of their figure. */
export type Baseline = Readonly<Record<string, number>>

/** A ratio moves by as much from run to run on a machine that others use too. */
const NOISE = 1.3

export const readBaseline = (file: string): Baseline =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Baseline) : {}

/** Renews what was measured and met; a figure that was missed, or did not run, stays as it was. */
export const saveBaseline = (file: string, figures: readonly Figure[]): void => {
  const measured = figures
    .filter(isMet)
    .flatMap(({ name, ratio }) =>
      ratio === undefined ? [] : [[name, Number(ratio.toPrecision(3))] as const],
    )
  mkdirSync(dirname(file), { recursive: true })
  const merged = { ...readBaseline(file), ...Object.fromEntries(measured) }
  writeFileSync(file, `${JSON.stringify(merged, undefined, 2)}\n`)
}

/** One line per figure that is worse than the baseline by more than noise. */
export const worseThan = (baseline: Baseline, figures: readonly Figure[]): readonly string[] =>
  figures.flatMap(({ name, ratio }) => {
    const before = baseline[name]
    if (ratio === undefined || before === undefined || ratio <= before * NOISE) return []
    return [`${name}: ${(ratio / before).toFixed(2)} x the baseline (${before} → ${ratio.toPrecision(3)})`]
  })

export const missed = (figures: readonly Figure[]): readonly string[] =>
  figures
    .filter((figure) => !isMet(figure))
    .map((figure) => `${figure.name}: ${shown(figure)}, not ${limitOf(figure)}`)

/** Figures in columns: what, how much, what was promised, whether it is kept, beside what it was measured. */
export const tableOf = (figures: readonly Figure[], baseline: Baseline): string => {
  const rows = figures.map((figure) => [
    figure.name,
    shown(figure),
    limitOf(figure),
    verdictOf(figure),
    figure.ratio?.toPrecision(3) ?? '',
    String(baseline[figure.name] ?? ''),
    figure.against,
  ])
  const head = ['figure', 'value', 'promised', '', 'ratio', 'baseline', 'measured against']
  return inColumns([head, ...rows], [0, 6])
}

/** Cells under each other; columns of words begin at the left, the others end at the right. */
export const inColumns = (rows: readonly (readonly string[])[], words: readonly number[]): string => {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        words.includes(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return rows.map(line).join('\n')
}

export const verdictOf = (figure: Figure): string =>
  figure.limit === undefined ? '' : isMet(figure) ? 'met' : 'MISSED'

export const shown = ({ value, unit }: Figure): string => {
  const digits = Number.isInteger(value) ? 0 : Math.abs(value) < 10 ? 2 : 1
  return `${value.toFixed(digits)} ${unit}`
}

const SIGNS = { 'at most': '≤', 'at least': '≥', exactly: '=' } as const

export const limitOf = ({ limit, unit }: Figure): string =>
  limit === undefined
    ? ''
    : `${SIGNS[limit.is]} ${Number.isInteger(limit.value) ? limit.value : limit.value.toFixed(1)} ${unit}`
