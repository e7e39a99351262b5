import { type Random, randomOf, wholeBelow } from '../property/seed.ts'

/** What can happen next. An operation names whom it concerns by a number, so that any list of operations can be played. */
export const KINDS = {
  authorize: 36,
  deliver: 8,
  relay: 10,
  issue: 6,
  continue: 7,
  advance: 6,
  authorizeSession: 8,
  revoke: 3.5,
  disable: 2.5,
  enable: 2.5,
  rotationStep: 3,
  repeat: 3,
  publish: 2,
  suspend: 1.5,
  resume: 1.5,
  deploy: 1.5,
  rotate: 1.2,
  redrive: 1,
  schedule: 1,
  grantConsumer: 1,
  rotateSecret: 0.6,
  refuseOwn: 1,
  authorizeOwn: 4,
  reroll: 2,
  signIn: 2.6,
  signOut: 1,
  directory: 2,
  refresh: 2.6,
  changeRules: 1.5,
  approve: 1.5,
  collect: 1.5,
  reject: 0.5,
  revokeSet: 1,
  sweepSets: 2,
  lockdown: 0.4,
  liftLockdown: 1,
  remind: 0.6,
  seal: 0.15,
  hub: 1.2,
  createKey: 0.6,
  rotateKey: 0.5,
  disableKey: 0.4,
  retireKeys: 0.3,
  callWithKey: 0.6,
  register: 0.6,
  restart: 0.6,
  sweep: 0.4,
  deregister: 0.4,
  compromise: 0.35,
} as const

export type Kind = keyof typeof KINDS

/** What befalls the process that works: at its n-th call of a port, before the call has its effect or after. */
export interface Fate {
  readonly how: 'park' | 'die' | 'fail'
  readonly at: number
  readonly effect: boolean
}

export interface Operation {
  readonly kind: Kind
  /** Whom it concerns: taken modulo how many there are. */
  readonly pick: number
  readonly other: number
  /** Seeds everything that is drawn while it runs. */
  readonly salt: number
  readonly fate?: Fate
}

const weights = Object.entries(KINDS) as readonly (readonly [Kind, number])[]
const total = weights.reduce((sum, [, weight]) => sum + weight, 0)

const kindOf = (random: Random): Kind => {
  let left = random() * total
  for (const [kind, weight] of weights) {
    left -= weight
    if (left < 0) return kind
  }
  return 'authorize'
}

const HOW = ['park', 'park', 'park', 'die', 'die', 'fail'] as const

/** No operation has more calls that a process could die at; most have few. */
const MOST_CALLS = 24
const FEW_CALLS = 6

const fateOf = (random: Random): Fate | undefined =>
  random() < 0.7
    ? undefined
    : {
        how: HOW[wholeBelow(random, HOW.length)] ?? 'die',
        at: wholeBelow(random, random() < 0.7 ? FEW_CALLS : MOST_CALLS),
        effect: random() < 0.5,
      }

/** The story of a seed. What is drawn for one operation does not depend on any other. */
export const operationsOf = (seed: number, steps: number): readonly Operation[] => {
  const random = randomOf(seed)
  return Array.from({ length: steps }, () => {
    const kind = kindOf(random)
    const [pick, other, salt] = [0, 0, 0].map(() => wholeBelow(random, 1_000_000_007)) as [
      number,
      number,
      number,
    ]
    const fate = fateOf(random)
    return { kind, pick, other, salt, ...(fate && { fate }) }
  })
}

/** One line of a printed story. */
export const describeOperation = ({ kind, pick, other, fate }: Operation): string =>
  [
    kind,
    `#${pick % 1_000}/${other % 1_000}`,
    ...(fate ? [`${fate.how}s ${fate.effect ? 'after' : 'before'} call ${fate.at}`] : []),
  ].join(' ')

/** The one that an operation's number means. */
export const taken = <T>(items: readonly T[], pick: number): T | undefined =>
  items[pick % Math.max(1, items.length)]
