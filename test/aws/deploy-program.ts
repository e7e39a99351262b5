/**
 * `node deploy-program.ts ENDPOINT STAGE FOLDER`: runs `sst.config.ts` with SST's real components against the emulator and
 * writes what came of it to `FOLDER/deployed.json`.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import type { Inputs } from '../stacks/evaluation.ts'
import { runProgram } from '../stacks/program.ts'
import { buildFunction } from './build.ts'
import { dataSource } from './data-sources.ts'
import type { Deployed, Made } from './deployed.ts'
import { ACCOUNT, REGION } from './emulator.ts'
import { createResource, readResource } from './resources/index.ts'
import { createWire } from './wire.ts'

const [endpoint = '', stage = '', work = '', extra = '{}'] = process.argv.slice(2)
const wire = createWire({ endpoint, region: REGION, account: ACCOUNT })
const ASSETS = 'countersign-assets'

/** Variables that every function gets beside its own: the way through a proxy, for one. */
const variables = JSON.parse(extra) as Readonly<Record<string, string>>

const withVariables = (type: string, inputs: Inputs): Inputs => {
  if (type !== 'aws:lambda/function:Function') return inputs
  const { environment } = inputs as { environment?: { variables?: Inputs } }
  return { ...inputs, environment: { variables: { ...environment?.variables, ...variables } } }
}

const makeBucket = () => {
  const where = `<CreateBucketConfiguration><LocationConstraint>${REGION}</LocationConstraint></CreateBucketConfiguration>`
  return wire.put(`/${ASSETS}`, new TextEncoder().encode(where))
}

const resources: Made[] = []

try {
  await makeBucket()
  const { outputs } = await runProgram(stage, work, {
    assets: ASSETS,
    build: (params) => buildFunction(params, work),
    create: async ({ type, name, inputs }) => {
      const made = await createResource(wire, type, name, withVariables(type, inputs))
      const { arn, name: physical } = made.state
      resources.push({ type, name, id: made.id, arn, physical })
      return made
    },
    read: (type, id) => readResource(wire, type, id),
    call: dataSource,
  })
  const deployed: Deployed = { stage, outputs, resources }
  await writeFile(join(work, 'deployed.json'), JSON.stringify(deployed))
  process.exit(0)
} catch (error) {
  process.stderr.write(`${inspect(error)}\n`)
  process.exit(1)
}
