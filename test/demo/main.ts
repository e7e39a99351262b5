import { parseArgs } from 'node:util'
import {
  duration,
  onThisMachine,
  type Scene,
  StoryBroken,
  tellStory,
  tellTour,
  tourOnThisMachine,
} from '@countersign/demo'

const say = (line: string) => void process.stdout.write(`${line}\n`)

/** Somebody who reads only the beginning closes the pipe; that is no failure of the story. */
process.stdout.on('error', () => process.exit(0))

const HELP = `Tells the life of one token on a platform of its own, which goes when the story is told.
Exits with 1 when a step did not do what it says.

  --every-credential   instead: every kind of credential, opening what is its own and refused elsewhere
                   (on this machine)
  --target PLACE   "local", unless given: this machine; "emulator": the system as deployed to AWS, in an
                   emulator of it (takes Python 3.10 or later, and a minute the first time)`

/** The emulator's world belongs to the tests: what is told here is what they hold to. */
const SCENES: Readonly<Record<string, readonly [where: string, set: () => Promise<Scene>]>> = {
  local: ['on this machine', onThisMachine],
  emulator: [
    'as deployed to AWS, in an emulator of it',
    async () => (await import('../aws/scene.ts')).onTheEmulator(),
  ],
}

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      'every-credential': { type: 'boolean', default: false },
      target: { type: 'string', default: 'local' },
    },
  })
  if (values.help) {
    say(HELP)
    return 0
  }
  const [where, setScene] = SCENES[values.target] ?? []
  if (!where || !setScene) throw new Error(`--target takes ${Object.keys(SCENES).join(' or ')}`)
  if (!values['every-credential'])
    return tellOn(`the life of one token, ${where}`, setScene, (scene) => tellStory(scene, say))
  if (values.target !== 'local')
    throw new Error(
      "--every-credential is told on this machine: the emulator's gateway verifies no signature",
    )
  const another = () => tourOnThisMachine('EdDSA')
  return tellOn(`every kind of credential, ${where}`, tourOnThisMachine, (scene) =>
    tellTour(scene, another, say),
  )
}

const tellOn = async <S extends Scene>(
  title: string,
  setScene: () => Promise<S>,
  tell: (scene: S) => Promise<void>,
): Promise<number> => {
  const start = performance.now()
  const scene = await setScene()
  say(`Countersign: ${title} (started in ${duration(performance.now() - start)})\n`)
  try {
    await tell(scene)
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
