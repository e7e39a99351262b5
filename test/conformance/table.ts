import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const README = join(import.meta.dirname, 'README.md')

/** Rows of a Markdown table; the first is its head. */
export const markdown = ([head = [], ...rows]: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

/** What stands in the suite's page between the two marks of that name; `UPDATE_TABLES=1` writes what was measured there. */
export const tableIn = (name: string, measured: string): string => {
  const page = readFileSync(README, 'utf8')
  const [from, to] = [`<!-- ${name} -->\n`, `\n<!-- /${name} -->`]
  const [start, end] = [page.indexOf(from), page.indexOf(to)]
  if (start < 0 || end < 0) throw new Error(`the page has no place for the table "${name}"`)
  if (process.env.UPDATE_TABLES !== '1') return page.slice(start + from.length, end)
  writeFileSync(README, page.slice(0, start + from.length) + measured + page.slice(end))
  return measured
}
