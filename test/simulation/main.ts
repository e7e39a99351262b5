import { parseArgs } from 'node:util'
import { BUGS, type Bug } from './bugs.ts'
import { hunt } from './hunt.ts'
import { describeOperation, operationsOf } from './operations.ts'
import { type Found, play } from './run.ts'
import { shrink } from './shrink.ts'

/*
 * simulate                          2,000 seeds of 200 steps, from a seed that the clock chooses
 * simulate --seeds 500 --from 1     other seeds
 * simulate --seed 42 [--steps 200] [--bug "tokens are logged"]   one story, exactly as it was
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    steps: { type: 'string', default: '200' },
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string' },
    bug: { type: 'string' },
  },
})

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const isBug = (name: string | undefined): name is Bug => name !== undefined && Object.hasOwn(BUGS, name)
const steps = Number(values.steps)
const bug = isBug(values.bug) ? values.bug : undefined

const report = async (seed: number, found: Found): Promise<void> => {
  say(`seed ${seed}: after step ${found.step} of ${steps}, ${found.detail}`)
  const operations = operationsOf(seed, steps)
  const short = await shrink(seed, operations, found, bug)
  const last = await play(seed, short, bug)
  say(`\n${short.length} of ${operations.length} steps are enough for it:`)
  for (const [index, operation] of short.entries())
    say(`${String(index + 1).padStart(4)}  ${describeOperation(operation)}`)
  say(`\n${last?.detail}`)
  say(`again: npx -y pnpm@12 simulate --seed ${seed} --steps ${steps}${bug ? ` --bug "${bug}"` : ''}`)
  process.exitCode = 1
}

const playOne = async (seed: number): Promise<void> => {
  say(`seed ${seed}, ${steps} steps${bug ? `, and a defect: ${bug}, ${BUGS[bug]}` : ''}`)
  const found = await play(seed, operationsOf(seed, steps), bug)
  if (found) await report(seed, found)
  else say('every invariant held after every step')
}

const playMany = async (first: number, seeds: number): Promise<void> => {
  say(`seeds ${first} to ${first + seeds - 1}, ${steps} steps each`)
  const begun = performance.now()
  const { played, failure } = await hunt({ first, seeds, steps })
  if (failure) return report(failure.seed, failure.found)
  const seconds = ((performance.now() - begun) / 1_000).toFixed(1)
  say(`${played} stories, ${played * steps} steps in ${seconds} s: every invariant held after every step`)
}

if (values.bug !== undefined && !bug) {
  say(`there is no defect "${values.bug}"; there are:\n  ${Object.keys(BUGS).join('\n  ')}`)
  process.exitCode = 2
} else if (values.seed !== undefined) await playOne(Number(values.seed))
else
  await playMany(
    values.from === undefined ? Date.now() % 1_000_000_000 : Number(values.from),
    Number(values.seeds),
  )
