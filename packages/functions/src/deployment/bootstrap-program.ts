/** `node bootstrap-program.ts OUTPUTS CREDENTIAL`: reads a deployment's outputs and writes its operator's credential. */
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { causesOf } from '../runtime/http.ts'
import { bootstrapDeployment } from './bootstrap.ts'
import { Outputs } from './outputs.ts'

const [outputsFile, credentialFile] = process.argv.slice(2)

try {
  if (!outputsFile || !credentialFile) throw new Error('usage: bootstrap-program.ts OUTPUTS CREDENTIAL')
  mkdirSync(dirname(credentialFile), { recursive: true, mode: 0o700 })
  await bootstrapDeployment(Outputs.parse(JSON.parse(readFileSync(outputsFile, 'utf8'))), credentialFile)
} catch (error) {
  process.stderr.write(`countersign: ${causesOf(error).join('; ')}\n`)
  process.exitCode = 1
}
