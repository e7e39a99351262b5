/** `pnpm run deploy --stage NAME`: `sst deploy`, then what a deployed platform needs before anybody can call it. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { causesOf } from '../runtime/http.ts'
import { bootstrapDeployment } from './bootstrap.ts'
import { Outputs } from './outputs.ts'

const ROOT = join(import.meta.dirname, '../../../..')

const HELP = `Deploys a stage to AWS and writes its operator's credential to .countersign/STAGE.token.

  --stage NAME   lower case letters, digits and dashes; "production" is protected and kept when removed
  --yes          needed for production

Takes AWS credentials and AWS_REGION from the environment; see docs/deploy.md.`

const say = (text: string) => void process.stdout.write(`${text}\n`)

/** What somebody can mend; nothing was deployed. */
class Refused extends Error {}

const checkStage = (stage: string | undefined, agreed: boolean): string => {
  if (stage === undefined || !/^[a-z][a-z0-9-]{0,39}$/.test(stage))
    throw new Refused('--stage takes a name of lower case letters, digits and dashes')
  if (stage === 'production' && !agreed)
    throw new Refused(
      'production is deployed with --yes, and only so; a deployed production is never removed',
    )
  return stage
}

const sst = (words: readonly string[]): void => {
  const { status, error } = spawnSync(join(ROOT, 'node_modules/.bin/sst'), words, {
    cwd: ROOT,
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error(`sst ${words.join(' ')} failed`, { cause: error })
}

const deploy = async (stage: string): Promise<void> => {
  sst(['deploy', '--stage', stage])
  const outputs = Outputs.parse(JSON.parse(readFileSync(join(ROOT, '.sst/outputs.json'), 'utf8')))
  if (outputs.stage !== stage) throw new Error(`.sst/outputs.json speaks of ${outputs.stage}`)
  const credentialFile = join(ROOT, `.countersign/${stage}.token`)
  mkdirSync(dirname(credentialFile), { recursive: true, mode: 0o700 })
  await bootstrapDeployment(outputs, credentialFile)
  say(`\nHTTP API    ${outputs.url}\nAuthorizer  ${outputs.authorizer}`)
  say(`            ${outputs.simpleAuthorizer} (simple responses)\nBus         ${outputs.bus}`)
  if (outputs.machines) say(`Machines    ${outputs.machines} (signed requests of the named accounts)`)
  say(`Credential  ${credentialFile} (the operator's bearer token; only you can read it)`)
}

try {
  const { values } = parseArgs({
    options: { stage: { type: 'string' }, yes: { type: 'boolean' }, help: { type: 'boolean' } },
  })
  if (values.help) say(HELP)
  else await deploy(checkStage(values.stage, values.yes ?? false))
} catch (error) {
  process.stderr.write(`countersign: ${causesOf(error).join('; ')}\n`)
  process.exitCode = error instanceof Refused ? 2 : 1
}
