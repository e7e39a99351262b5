import { type ProveFailure, proveEvent, readProof } from '@countersign/client'
import { refuse } from '../answer.ts'
import type { Command, Context, ExitCode } from '../command.ts'
import { openNewFile, readInput } from '../files.ts'
import { jsonIn, publishedKeys } from '../published-keys.ts'
import { facts } from '../table.ts'

const prove: Command = {
  name: 'audit prove',
  arguments: ['EVENT'],
  summary: 'Makes a file that proves, to whoever has the published keys, that this event was in the log',
  details:
    'The proof holds the event itself, the hashes that lead from it to the seal of a day, and the seal.',
  options: {
    day: {
      value: 'DAY',
      help: 'of its seal, such as 2026-01-31; unless given, all seals are looked through',
    },
    output: { value: 'FILE', help: 'a new file for the proof; stdout unless given' },
  },
  run: async (context) => {
    const { given, terminal } = context
    const id = given.argument(0)
    const proved = await proveEvent(await context.client(), id, { day: given.text('day') })
    if (!proved.ok) return unproved(context, id, proved.error)
    const text = `${JSON.stringify(proved.value, undefined, given.flag('json') ? 0 : 2)}\n`
    const file = given.text('output')
    if (file === undefined) terminal.out(text)
    else {
      const proof = await openNewFile(file)
      await proof.write(text)
      await proof.close()
      terminal.out(`${file} proves ${id}; "countersign audit verify-proof ${file} --keys FILE" checks it.\n`)
    }
    return 0
  },
}

const unproved = (context: Context, id: string, failure: ProveFailure): ExitCode => {
  switch (failure.reason) {
    case 'event_not_sealed':
      context.terminal.error(
        `countersign: event_not_sealed: no seal is over ${id}; a day is sealed an hour after it is over\n`,
      )
      return 1
    case 'sealed_event_changed':
      context.terminal.error(
        `countersign: sealed_event_changed: ${id} is not what was sealed on ${failure.day}; "countersign audit verify" says more\n`,
      )
      return 1
    default:
      return refuse(context, failure)
  }
}

const WHY = {
  proof_malformed: 'it is not a proof',
  statement_malformed: 'its seal is not one',
  statement_key_unknown: 'none of these keys signed its seal',
  statement_forged: 'the signature of its seal is not that of the key',
  event_not_in_seal: 'the event is not among those that were sealed, or not as it stands here',
} as const

const verifyProof: Command = {
  name: 'audit verify-proof',
  arguments: ['FILE'],
  summary: 'Checks a proof with the published keys and nothing else; no platform is asked',
  options: {
    keys: { value: 'FILE', help: 'the published keys ("countersign keys jwks")', required: true },
  },
  run: async ({ given, terminal }) => {
    const file = given.argument(0)
    const keys = (await publishedKeys(given.required('keys'), terminal)) ?? []
    const read = readProof(jsonIn(await readInput(file, terminal), file), keys)
    if (!read.ok) {
      terminal.error(`countersign: ${read.error}: ${WHY[read.error]}\n`)
      return 1
    }
    const { event, index, seal } = read.value
    if (given.flag('json')) terminal.out(`${JSON.stringify(read.value)}\n`)
    else
      terminal.out(
        facts({
          proven: event.id,
          'it says': `${event.type} of ${event.subject} at ${event.time}`,
          'was in the log when': `${seal.day} was sealed, at ${new Date(seal.iat * 1_000).toISOString()}`,
          as: `event ${index + 1} of ${seal.events}`,
          'signed by': `${seal.iss} with ${seal.kid}`,
        }),
      )
    return 0
  },
}

export const auditProofs: readonly Command[] = [prove, verifyProof]
