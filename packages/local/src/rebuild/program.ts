import { Access } from '@countersign/core/access'
import type { RebuildServices } from '@countersign/functions/runtime/rebuild/look'
import {
  PHASES,
  type Phase,
  type Position,
  rebuildReadModel,
} from '@countersign/functions/runtime/rebuild/rebuild'

export const HELP = `Compares the read model with what the event log makes of it, row by row.

  --check        says what differs, and changes nothing
  --write        makes it what the log says, while traffic flows
  --lift         with either: refusals that the log does not know of are wrong as well, and --write takes them away
  --data DIR     the platform on this machine (.countersign unless given)
  --stage NAME   a deployed stage, as .sst/outputs.json describes it
  --outputs FILE another such file
  --from PLACE   goes on where one that was interrupted said it was
  --json         one difference a line, as JSON

Exits with 0 when nothing differs (any more), 1 when something does, 2 for wrong usage, 3 when a store cannot be reached.`

export interface Asked {
  readonly write: boolean
  readonly lift: boolean
  readonly json: boolean
  readonly from: Position | undefined
}

/** Where the words go: findings, and what is said about the work. */
export interface Voice {
  find(line: string): void
  say(line: string): void
}

/** `PHASE` or `PHASE/KEY`, as `--from` takes it. */
export const placeOf = ({ phase, after }: Position): string =>
  after === undefined ? phase : `${phase}/${after}`

export const positionIn = (place: string): Position | undefined => {
  const [phase = '', ...rest] = place.split('/')
  if (!PHASES.includes(phase as Phase)) return undefined
  return { phase: phase as Phase, after: rest.length > 0 ? rest.join('/') : undefined }
}

/** Looks between two words about how far it has come. */
const LOOKS_PER_WORD = 200

/** The exit code: 0 when nothing differs any more. */
export const runRebuild = async (
  services: RebuildServices,
  asked: Asked,
  { find, say }: Voice,
): Promise<0 | 1> => {
  let batches = 0
  const { looked, differing, left, enforcedBy } = await rebuildReadModel(services, {
    ...asked,
    found: (difference) => find(asked.json ? JSON.stringify(difference) : lineOf(difference, asked)),
    reached: (position) => {
      batches += 1
      if (batches % LOOKS_PER_WORD === 0) say(`… so far; goes on with --from '${placeOf(position)}'`)
    },
  })
  say(`${counted(looked, 'look')}, ${counted(differing, 'difference')}, ${left} left`)
  if (enforcedBy !== undefined)
    say(`No gateway answers by what was put right from ${enforcedBy} on, whatever its cache kept before.`)
  if (left > 0 && asked.write)
    say('What refuses and is nothing the log knows of stays, until --lift takes it away.')
  return left === 0 ? 0 : 1
}

const lineOf = (difference: Access.RowDifference, { write }: Asked): string => {
  const outcome = difference.stays ? 'stays' : write ? 'put right' : 'differs'
  return `${outcome.padEnd(9)}  ${Access.describeDifference(difference)}`
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
