import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type Bench, type Figure, isMet } from './figure.ts'
import { missed, readBaseline, saveBaseline, tableOf, worseThan } from './report.ts'

/**
 * `bench [NAME …] [--save]`: measures all, or what is named; compares ratios with the baseline kept, or renews it. Exits
 * with 1 when a figure that was promised is missed, with 2 when a name is none.
 */
const BENCHES = {
  decision: async () => (await import('./decision.ts')).decision,
  verification: async () => (await import('./verification.ts')).verification,
  bundle: async () => (await import('./bundle.ts')).bundle,
  reads: async () => (await import('./reads.ts')).reads,
  'read-model': async () => (await import('./read-model.ts')).readModel,
  gateway: async () => (await import('./gateway.ts')).gateway,
  revocation: async () => (await import('./revocation.ts')).revocation,
} as const satisfies Record<string, () => Promise<Bench>>

type Name = keyof typeof BENCHES

const BASELINE = join(import.meta.dirname, 'baselines/ratios.json')

const say = (text: string) => void process.stdout.write(`${text}\n`)

const isName = (name: string): name is Name => Object.hasOwn(BENCHES, name)

/** A machine that is busy with something else is slow, too: times that miss are judged by the median of this many runs. */
const ATTEMPTS = 3

/** What was counted is judged the first time: one request let through too many is one too many. */
const judged = async (bench: Bench): Promise<readonly Figure[]> => {
  const first = await bench()
  if (!onlyTimesMissed(first)) return first
  const runs = [first]
  while (runs.length < ATTEMPTS) {
    say(`measured again: ${missed(runs.at(-1) ?? first).join('; ') || 'no miss this time'}`)
    runs.push(await bench())
  }
  return first.map((figure, index) => medianFigure(runs.map((run) => run[index] ?? figure)))
}

/** The run in the middle, figure by figure: neither the luckiest nor the unluckiest. */
const medianFigure = (figures: readonly Figure[]): Figure => {
  const [first] = figures
  const middle = [...figures].sort((a, b) => a.value - b.value)[Math.floor(figures.length / 2)]
  if (!first || !middle) throw new Error('there is no median of nothing')
  return middle
}

const onlyTimesMissed = (figures: readonly Figure[]): boolean => {
  const misses = figures.filter((figure) => !isMet(figure))
  return misses.length > 0 && misses.every(({ unit }) => ['µs', 'ms', 'x'].includes(unit))
}

const measure = async (names: readonly Name[]): Promise<readonly Figure[]> => {
  const figures: Figure[] = []
  for (const name of names) {
    const start = performance.now()
    figures.push(...(await judged(await BENCHES[name]())))
    say(`measured: ${name} (${((performance.now() - start) / 1_000).toFixed(1)} s)`)
  }
  return figures
}

const report = (figures: readonly Figure[], save: boolean): void => {
  const baseline = readBaseline(BASELINE)
  say(`\n${tableOf(figures, baseline)}\n`)
  for (const line of worseThan(baseline, figures)) say(`worse than the baseline  ${line}`)
  const misses = missed(figures)
  for (const line of misses) say(`missed  ${line}`)
  if (save) saveBaseline(BASELINE, figures)
  const promised = figures.filter(({ limit }) => limit !== undefined).length
  say(`${promised - misses.length} of ${promised} promised figures met${save ? '; baseline renewed' : ''}`)
  process.exitCode = misses.length === 0 ? 0 : 1
}

const given = process.argv.slice(2)
const named = given.filter((argument) => argument !== '--save')
const names = named.length === 0 ? (Object.keys(BENCHES) as Name[]) : named.filter(isName)

if (names.length !== (named.length || names.length)) {
  process.stderr.write(`bench [--save] [${Object.keys(BENCHES).join(' | ')}] …\n`)
  process.exitCode = 2
} else {
  say(`Node ${process.version}, ${availableParallelism()} cores`)
  report(await measure(names), given.includes('--save'))
}
