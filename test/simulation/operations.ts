import { type Random, randomOf, wholeBelow } from '../property/seed.ts'

/** What can happen next. An operation names whom it concerns by a number, so that any list of operations can be played. */
export const KINDS = {
  authorize: 34,
  deliver: 8,
  relay: 10,
  issue: 8,
  continue: 7,
  advance: 6,
  revoke: 4,
  disable: 3,
  enable: 3,
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

const total = Object.values(KINDS).reduce((sum, weight) => sum + weight, 0)

const kindOf = (random: Random): Kind => {
  let left = random() * total
  for (const [kind, weight] of Object.entries(KINDS)) {
    left -= weight
    if (left < 0) return kind as Kind
  }
  return 'authorize'
}

const HOW = ['park', 'park', 'park', 'die', 'die', 'fail'] as const

const fateOf = (random: Random): Fate | undefined =>
  random() < 0.7
    ? undefined
    : { how: HOW[wholeBelow(random, HOW.length)] ?? 'die', at: wholeBelow(random, 6), effect: random() < 0.5 }

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
