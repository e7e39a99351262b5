import type { Compromise, Rotation, SigningKey } from '@countersign/client'
import { answer } from '../answer.ts'
import type { Command } from '../command.ts'
import { readInput, tokenIn } from '../files.ts'
import { lives } from '../lives.ts'
import { facts, table } from '../table.ts'
import { both, relative } from '../time.ts'
import { repeatable } from './shared-options.ts'

const list: Command = {
  name: 'keys list',
  summary: 'Lists the signing keys that verify tokens, and draws the life of each',
  run: async (context) => {
    const { signingKeys } = await context.client()
    const now = context.terminal.now()
    return answer(context, await signingKeys.list(), ({ items }) =>
      items.length === 0 ? 'There is no signing key yet.\n' : `${states(items, now)}\n${lives(items, now)}`,
    )
  },
}

const states = (items: readonly SigningKey[], now: Date): string =>
  table(items, {
    KID: ({ kid }) => kid,
    ALGORITHM: ({ algorithm }) => algorithm,
    STATE: ({ state }) => state,
    UNTIL: ({ state, signsFrom, verifiesUntil }) =>
      relative(state === 'published' ? signsFrom : state === 'verifying' ? verifiesUntil : undefined, now),
  })

const rotate: Command = {
  name: 'keys rotate',
  summary: 'Adds a signing key that takes over once every authorizer knows it; no token dies of it',
  options: {
    algorithm: {
      value: 'NAME',
      help: 'HS512, EdDSA, ES256 or ML-DSA-44; unless given, what the platform is configured for',
    },
  },
  run: async (context) => {
    const { given, terminal } = context
    const { signingKeys } = await context.client()
    const rotated = await signingKeys.rotate({ algorithm: given.text('algorithm') }, repeatable(context))
    return answer(context, rotated, (key) => describeAdded(key, terminal.now()))
  },
}

const importSecret: Command = {
  name: 'keys import',
  arguments: ['FILE'],
  summary: 'Adds an HS512 key of a secret that was made elsewhere; FILE (- for stdin) holds its base64url',
  details:
    'For whoever has to share a secret with a verifier that cannot take a new one. A secret that is short, guessable or published is refused. Prefer "keys rotate": nobody has seen what it makes.',
  run: async (context) => {
    const { given, terminal } = context
    const file = given.argument(0)
    const secret = tokenIn(await readInput(file, terminal), file)
    const { signingKeys } = await context.client()
    const added = await signingKeys.import(secret.reveal(), repeatable(context))
    return answer(context, added, (key) => describeAdded(key, terminal.now()))
  },
}

const describeAdded = ({ kid, algorithm, signsFrom }: Rotation, now: Date): string =>
  facts({ 'new key': kid, algorithm, 'signs from': both(signsFrom, now) })

const compromise: Command = {
  name: 'keys compromise',
  arguments: ['KID'],
  summary: 'Refuses every token that a leaked key signed, at once, and rotates',
  options: { because: { value: 'TEXT', help: 'what happened, for the audit log', required: true } },
  run: async (context) => {
    const { given, terminal } = context
    const { signingKeys } = await context.client()
    const body = { note: given.required('because') }
    const done = await signingKeys.compromise(given.argument(0), body, repeatable(context))
    return answer(context, done, (told) => aftermath(told, terminal.now()))
  },
}

const aftermath = ({ compromised, kid, signsFrom, reissue }: Compromise, now: Date): string => {
  const told = facts({
    'refused from now on': compromised,
    'new key': kid,
    'signs from': both(signsFrom, now),
    'to be reissued': reissue.length === 0 ? 'nothing' : `${reissue.length} of its tokens were alive`,
  })
  return reissue.length === 0
    ? told
    : `${told}\n${table(reissue, { TOKEN: ({ id }) => id, CONSUMER: ({ consumer }) => consumer })}`
}

const jwks: Command = {
  name: 'keys jwks',
  summary: 'Prints the public keys, as anybody may have them, for who verifies tokens elsewhere',
  run: async (context) => {
    const { signingKeys } = await context.client()
    return answer(context, await signingKeys.jsonWebKeys(), (set) => `${JSON.stringify(set, undefined, 2)}\n`)
  },
}

export const keys: readonly Command[] = [list, rotate, importSecret, compromise, jwks]
