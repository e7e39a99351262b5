import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Instrumenter } from '@stryker-mutator/instrumenter'
import { startVitest } from 'vitest/node'
import type { Verdicts } from './verdicts.ts'

/*
 * mutate [MODULE …]     the modules of packages/core, all unless named: how many of Stryker's mutants their tests kill
 * mutate MODULE/FILE    one source of it, such as access/policy, by all tests of the module
 * mutate MODULE --show  what survived, too
 */
const root = join(import.meta.dirname, '../..')
const core = join(root, 'packages/core')
const scratch = join(root, '.mutation')
const show = process.argv.includes('--show')
const named = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const modules = readdirSync(join(core, 'src'))

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const silent = { isDebugEnabled: () => false, debug: () => {}, info: () => {}, warn: () => {} }
const isSource = (name: string) => name.endsWith('.ts') && !/\.(?:test|fixture)\.ts$/.test(name)

/** A copy of the package in which every mutant of a module, or of one source of it, can be switched on. */
const instrument = async (module: string, only: string | undefined) => {
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch)
  cpSync(join(core, 'src'), join(scratch, 'core/src'), { recursive: true })
  cpSync(join(core, 'package.json'), join(scratch, 'core/package.json'))
  symlinkSync(join(core, 'node_modules'), join(scratch, 'core/node_modules'))
  const folder = join(scratch, 'core/src', module)
  const sources = readdirSync(folder)
    .filter((name) => isSource(name) && (only === undefined || name === `${only}.ts`))
    .map((name) => join(folder, name))
  const files = sources.map((name) => ({ name, mutate: true as const, content: readFileSync(name, 'utf8') }))
  const options = { plugins: null, excludedMutations: [], ignorers: [], noHeader: false }
  const made = await new Instrumenter(silent as never).instrument(files, options as never)
  for (const { name, content } of made.files) writeFileSync(name, content)
  return made.mutants
}

/** The module's own tests; again in a new process as long as one could not try everything. */
const verdictsOn = async (module: string): Promise<Verdicts> => {
  const file = join(scratch, 'verdicts.json')
  process.env.MUTATION_VERDICTS = file
  let known: Verdicts = { killed: [], tried: [], loaded: [], waiting: 0 }
  do {
    writeFileSync(file, JSON.stringify({ ...known, waiting: 0 }))
    const vitest = await startVitest('test', [], {
      config: false,
      root: scratch,
      include: [`core/src/${module}/*.test.ts`],
      runner: join(import.meta.dirname, 'runner.ts'),
      watch: false,
      fileParallelism: false,
      testTimeout: 20_000,
      reporters: [['default', { summary: false }]],
      silent: true,
    })
    const failed = vitest.state.getFiles().filter(({ result }) => result?.state === 'fail')
    await vitest.close()
    if (failed.length > 0) throw new Error(`the tests of ${module} fail as they are`)
    known = JSON.parse(readFileSync(file, 'utf8'))
  } while (known.waiting > 0)
  return known
}

const mutate = async (what: string): Promise<void> => {
  const [module = '', only] = what.split('/')
  const made = await instrument(module, only)
  const { killed, tried, loaded } = await verdictsOn(module)
  const tested = new Set(tried.map((pair) => pair.split(' ')[0]))
  const mutants = made.filter(({ id }) => tested.has(id) || !loaded.includes(id))
  const left = mutants.filter(({ id }) => !killed.includes(id))
  const score = ((mutants.length - left.length) / mutants.length) * 100
  const counts = `${killed.length} of ${mutants.length} mutants killed, ${made.length - mutants.length} left out`
  say(`${what.padEnd(14)} ${score.toFixed(1)} %  (${counts})`)
  if (!show) return
  for (const { id, fileName, location, replacement, mutatorName } of left)
    say(
      `  ${tested.has(id) ? 'survived' : 'untested'} ${fileName.split('/').pop()}:${location.start.line + 1} ${mutatorName}: ${replacement.replace(/\s+/g, ' ').slice(0, 80)}`,
    )
}

for (const what of named.length > 0 ? named : modules) await mutate(what)
rmSync(scratch, { recursive: true, force: true })
