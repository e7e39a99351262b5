/** `node keep.ts FOLDER`: installs the system in an emulator and keeps it there, for emulators that start from it. */
import { writeFile } from 'node:fs/promises'
import { inspect } from 'node:util'
import { type KeptInstallation, writtenTo } from './kept.ts'
import { openEmulatorWorld } from './world.ts'

const [folder = ''] = process.argv.slice(2)
try {
  const world = await openEmulatorWorld()
  const { emulator, installation } = world
  const kept: KeptInstallation = { ...(await emulator.keep(folder)), installation }
  await world.stop()
  await writeFile(writtenTo(folder), JSON.stringify(kept))
  process.exit(0)
} catch (error) {
  process.stderr.write(`${inspect(error)}\n`)
  process.exit(1)
}
