/**
 * `node evaluate-program.ts STAGE FOLDER`: evaluates `sst.config.ts` with SST's real components and writes the resource
 * graph to `FOLDER/evaluation.json`.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Build, Evaluation, Resource } from './evaluation.ts'
import { answered, created } from './pretend-aws.ts'
import { runProgram } from './program.ts'

const [stage = '', work = ''] = process.argv.slice(2)
const bundled = join(work, 'function')

const builds: Build[] = []
const resources: Resource[] = []

/** The functions are bundled by SST's command, which is not here: an empty stand-in takes each one's place. */
const build = (params: unknown) => {
  builds.push(params as Build)
  return { out: bundled, handler: 'bundle.handler', errors: [], sourcemaps: [] }
}

try {
  await mkdir(bundled)
  await writeFile(join(bundled, 'bundle.mjs'), '')
  const outcome = await runProgram(stage, work, {
    assets: 'assets',
    build,
    create: (asked) => {
      resources.push(asked)
      return created(asked.type, asked.name, asked.inputs)
    },
    read: (_, id, inputs) => ({ id, state: inputs }),
    call: answered,
  })
  const evaluation: Evaluation = { ...outcome, resources, builds }
  await writeFile(join(work, 'evaluation.json'), JSON.stringify(evaluation))
  process.exit(0)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
}
