import { parseArgs } from 'node:util'
import { onThisMachine } from './scene.ts'
import { tellStory } from './story.ts'
import { duration, StoryBroken } from './tell.ts'

const say = (line: string) => void process.stdout.write(`${line}\n`)

/** Somebody who reads only the beginning closes the pipe; that is no failure of the story. */
process.stdout.on('error', () => process.exit(0))

const HELP = `Tells the life of one token on a platform of its own, which goes when the story is told.
Exits with 1 when a step did not do what it says.`

const main = async (): Promise<number> => {
  const { values } = parseArgs({ options: { help: { type: 'boolean', default: false } } })
  if (values.help) {
    say(HELP)
    return 0
  }
  const start = performance.now()
  const scene = await onThisMachine()
  say(
    `Countersign: the life of one token, on this machine (started in ${duration(performance.now() - start)})\n`,
  )
  try {
    await tellStory(scene, say)
    say(`\nEvery step did what it says, in ${duration(performance.now() - start)}.`)
    return 0
  } catch (error) {
    if (!(error instanceof StoryBroken)) throw error
    process.stderr.write(`countersign: the story broke: ${error.message}\n`)
    return 1
  } finally {
    await scene.close()
  }
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`countersign: ${error instanceof Error ? error.message : String(error)}\n`)
  return 2
})
