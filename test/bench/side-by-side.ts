import type { Figure } from './figure.ts'
import { inColumns, limitOf, missed, shown, verdictOf } from './report.ts'

/** The same figures, measured in two worlds in one run. */
export interface SideBySide {
  readonly local: readonly Figure[]
  readonly aws: readonly Figure[]
}

const WORLDS = { local: 'this machine', aws: 'AWS services' } as const

/** One line per figure, its value and what was promised in either world; then what each was measured against. */
export const sideBySide = (figures: SideBySide): string => {
  const names = [...new Set([...figures.local, ...figures.aws].map(({ name }) => name))]
  const cells = (world: keyof SideBySide, name: string): readonly string[] => {
    const figure = figures[world].find((one) => one.name === name)
    return figure ? [shown(figure), limitOf(figure), verdictOf(figure)] : ['', '', '']
  }
  const rows = names.map((name) => [name, ...cells('local', name), ...cells('aws', name)])
  const head = ['figure', WORLDS.local, 'promised', '', WORLDS.aws, 'promised', '']
  const against = Object.entries(WORLDS).flatMap(([world, title]) =>
    againstOf(figures[world as keyof SideBySide]).map((line) => `  ${title}: ${line}`),
  )
  return [inColumns([head, ...rows], [0]), '', 'measured against', ...against].join('\n')
}

/** Each load once, however many figures came of it. */
const againstOf = (figures: readonly Figure[]): readonly string[] => {
  const loads = [...new Set(figures.map(({ against }) => against))]
  return loads.map((load) => {
    const [first, ...others] = figures.filter(({ against }) => against === load)
    const more = others.length === 0 ? '' : ` and ${others.length} more`
    return `${first?.name}${more}: ${load}`
  })
}

export const missedIn = (figures: SideBySide): readonly string[] =>
  Object.entries(WORLDS).flatMap(([world, title]) =>
    missed(figures[world as keyof SideBySide]).map((line) => `${title}: ${line}`),
  )

export const promisedIn = ({ local, aws }: SideBySide): number =>
  [...local, ...aws].filter(({ limit }) => limit !== undefined).length
