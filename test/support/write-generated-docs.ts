import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asyncApiText } from './docs/asyncapi.ts'
import { eventsPage } from './docs/events-page.ts'
import { withReadModelParts } from './docs/read-model-parts.ts'

const root = join(import.meta.dirname, '../..')

/** Every generated document, by its path from the root, as the code has it today. */
export const generatedDocs = (): ReadonlyMap<string, string> =>
  new Map([
    ['docs/events.md', eventsPage()],
    ['docs/events.asyncapi.yaml', asyncApiText()],
    ['docs/read-model.md', withReadModelParts(readFileSync(join(root, 'docs/read-model.md'), 'utf8'))],
  ])

if (import.meta.main) {
  for (const [path, text] of generatedDocs()) {
    writeFileSync(join(root, path), text)
    process.stdout.write(`${path}\n`)
  }
}
