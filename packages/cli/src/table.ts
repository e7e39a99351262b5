/** Control characters of others must not move a terminal's cursor. */
export const printable = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, (character) =>
    character === '\t' || character === '\n' ? ' ' : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )

const widthOf = (text: string): number => [...text].length

/** Rows with aligned cells, two spaces apart, without trailing spaces. */
export const columns = (rows: readonly (readonly string[])[]): string => {
  const widths: number[] = []
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, widthOf(cell))
  }
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell)))
      .join('  ')
      .trimEnd()
  return rows.map(line).join('\n')
}

/** A column's title, and its cell for an item; an empty column is left out. */
export type Columns<T> = Readonly<Record<string, (item: T) => string | number | null | undefined>>

export const table = <T>(items: readonly T[], shown: Columns<T>): string => {
  const filled = Object.entries(shown)
    .map(([title, cell]) => [title, ...items.map((item) => printable(String(cell(item) ?? '')))])
    .filter(([, ...cells]) => cells.some((cell) => cell !== ''))
  const rows = Array.from({ length: items.length + 1 }, (_, row) => filled.map((column) => column[row] ?? ''))
  return `${columns(rows)}\n`
}

/** One aligned line per fact; facts without a value are left out. */
export const facts = (values: Readonly<Record<string, string | number | null | undefined>>): string => {
  const rows = Object.entries(values).flatMap(([name, value]) =>
    value === undefined || value === null || value === '' ? [] : [[name, printable(String(value))]],
  )
  return `${columns(rows)}\n`
}
