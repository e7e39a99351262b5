import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Bench, Figure } from './figure.ts'
import { judged } from './judged.ts'
import { missed, readBaseline, saveBaseline, tableOf, worseThan } from './report.ts'

/**
 * `bench [NAME …] [--save]`: measures all, or what is named; compares ratios with the baseline kept, or renews it.
 * `bench aws`: what travels, on this machine and on an emulator of AWS, side by side. Exits with 1 when a figure that was
 * promised is missed, with 2 when a name is none.
 */
const BENCHES = {
  decision: async () => (await import('./decision.ts')).decision,
  authorizer: async () => (await import('./authorizer.ts')).authorizer,
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

const measure = async (names: readonly Name[]): Promise<readonly Figure[]> => {
  const figures: Figure[] = []
  for (const name of names) {
    const start = performance.now()
    figures.push(...(await judged(await BENCHES[name](), say)))
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

if (given.length === 1 && given[0] === 'aws') {
  process.exitCode = await (await import('./aws.ts')).aws(say)
} else if (names.length !== (named.length || names.length)) {
  process.stderr.write(`bench [--save] [${Object.keys(BENCHES).join(' | ')}] …\nbench aws\n`)
  process.exitCode = 2
} else {
  say(`Node ${process.version}, ${availableParallelism()} cores`)
  report(await measure(names), given.includes('--save'))
}
