import { SUBSETS } from './asking-tokens.ts'
import { type Command, OPEN_SLOTS, ROUTE_NAMES, SLOTS } from './commands.ts'
import { taken } from './operations.ts'
import type { Cause, OwnSigner } from './oracle.ts'
import type { World } from './world.ts'

export const register = (world: World, selfSigning: boolean): Command => ({
  route: 'POST /consumers',
  body: { name: 'consumer', type: 'service', owner: 'team', ...(selfSigning && { selfSigning: {} }) },
  learn: (body) => {
    const id = String(body.id)
    world.oracle.said.set(`consumer.registered ${id}`, 'once')
    if (!selfSigning) return void world.oracle.consumers.push(id)
    const signer: OwnSigner = { consumerId: id, keys: [], signed: [] }
    world.oracle.signers.push(signer)
    learnSecret(world, signer, body)
  },
})

const learnSecret = (world: World, signer: OwnSigner, body: Readonly<Record<string, unknown>>): void => {
  const secret = body.secret as { kid: string; k: string } | undefined
  if (!secret || signer.keys.some(({ kid }) => kid === secret.kid)) return
  world.secrets.add(secret.k)
  signer.keys.push({ kid: secret.kid, k: secret.k })
}

const OVERLAP_SECONDS = 3_600

/** The keys before are refused at once, or live for another hour. */
export const rotateSecret = (world: World, signer: OwnSigner, overlaps: boolean): Command => {
  const before = [...signer.keys]
  return {
    route: 'POST /consumers/{id}/secret',
    path: { id: signer.consumerId },
    body: { overlap: overlaps ? '1h' : '0s' },
    refuses: overlaps ? [] : before.map(({ kid }) => `rotated ${kid}`),
    brief: true,
    learn: (body) => {
      const end = world.seconds() + OVERLAP_SECONDS
      for (const key of before) key.endsAt = Math.min(key.endsAt ?? end, end)
      learnSecret(world, signer, body)
    },
  }
}

/** Where nobody has to approve it. */
export const grantConsumer = (consumerId: string, at: number, other: number): Command => {
  const slot = at % OPEN_SLOTS
  const given = other % 4 === 0 ? [] : (taken(SUBSETS, other) ?? [])
  const cause = (slot: number, name: string): Cause => `ungranted ${consumerId} ${slot} ${name}`
  const all = SLOTS.flatMap((_, slot) => ROUTE_NAMES.map((name) => ({ slot, name })))
  const isGiven = (one: { slot: number; name: string }) => one.slot === slot && given.includes(one.name)
  const { name: api = '', environment = '' } = SLOTS[slot] ?? {}
  return {
    route: 'PUT /consumers/{id}/grants',
    path: { id: consumerId },
    body: { grants: given.length === 0 ? [] : [{ api, environment, routes: given }] },
    refuses: all.filter((one) => !isGiven(one)).map(({ slot, name }) => cause(slot, name)),
    undoes: all.filter(isGiven).map(({ slot, name }) => cause(slot, name)),
  }
}
