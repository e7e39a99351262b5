import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '../..')

export interface Source {
  /** From the repository root. */
  readonly path: string
  readonly text: string
}

const isTest = (path: string): boolean => /\.test\.ts$|\.fixture\.ts$|\/testing\//.test(path)

const read = (pattern: string): readonly Source[] =>
  globSync(pattern, { cwd: ROOT, exclude: (name) => name.includes('node_modules') })
    .filter((path) => !path.includes('node_modules'))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))

const all = [...read('packages/*/src/**/*.ts'), ...read('stacks/**/*.ts'), ...read('sst.config.ts')]

/** What runs: no tests and nothing that only tests use. */
export const sources: readonly Source[] = all.filter(({ path }) => !isTest(path))

export const sourcesIn = (folder: string): readonly Source[] =>
  sources.filter(({ path }) => path.startsWith(`${folder}/`))

/** Text without comments, so that a word in a sentence is no use of it. Not for strings that hold `//`. */
export const codeOf = ({ text }: Source): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1')

export interface Import {
  readonly from: string
  /** As it is written. */
  readonly to: string
  readonly typeOnly: boolean
}

const IMPORT = /\b(import|export)(\s+type)?\s+(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/g

export const importsOf = (source: Source): readonly Import[] =>
  [...codeOf(source).matchAll(IMPORT)].map(([, , type, named, dynamic]) => ({
    from: source.path,
    to: named ?? dynamic ?? '',
    typeOnly: type !== undefined,
  }))

/** A relative import as a path from the repository root; undefined for a package. */
export const targetOf = ({ from, to }: Import): string | undefined =>
  to.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(from), to)) : undefined

export interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

export const manifestOf = (folder: string): Manifest => {
  const file = join(ROOT, folder, 'package.json')
  if (!existsSync(file)) throw new Error(`${folder} has no manifest`)
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest
}

export const packages: readonly string[] = globSync('packages/*/package.json', { cwd: ROOT })
  .map((path) => dirname(path))
  .toSorted((a, b) => a.localeCompare(b))
