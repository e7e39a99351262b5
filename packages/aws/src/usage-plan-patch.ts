import type { PatchOperation, UsagePlan } from '@aws-sdk/client-api-gateway'
import type { GatewayPlan } from '@countersign/core/usage-plan'

type Throttles = Readonly<Record<string, { readonly rateLimit: number; readonly burstLimit: number }>>

/** `/tenancies/{id}/GET`: how API Gateway names a method in a usage plan. */
const throttlesOf = ({ methods }: GatewayPlan): Throttles =>
  Object.fromEntries(
    methods.map(({ method, path, rateLimit, burstLimit }) => [
      `${path}/${method}`,
      { rateLimit, burstLimit },
    ]),
  )

const PERIODS = { day: 'DAY', week: 'WEEK', month: 'MONTH' } as const

/** A new plan, in one call; weeks begin on Sunday (`offset` 0). */
export const planInput = (plan: GatewayPlan) => ({
  name: plan.name,
  description: plan.description,
  apiStages: plan.stages.map(({ gatewayId, stage }) => ({
    apiId: gatewayId,
    stage,
    ...(plan.methods.length > 0 && { throttle: throttlesOf(plan) }),
  })),
  ...(plan.throttle && { throttle: { ...plan.throttle } }),
  ...(plan.quota && { quota: { limit: plan.quota.limit, offset: 0, period: PERIODS[plan.quota.period] } }),
})

/** What makes the plan that is there into the one that is wanted; nothing when it is that already. */
export const patchOf = (present: UsagePlan, wanted: GatewayPlan): readonly PatchOperation[] => {
  const { description, throttle, quota, apiStages } = planInput(wanted)
  return [
    ...(present.description === description ? [] : [replace('/description', description)]),
    ...memberPatch('/throttle', filled(present.throttle), throttle),
    ...memberPatch('/quota', filled(present.quota), quota),
    ...stagesPatch(present.apiStages ?? [], apiStages),
  ]
}

/** Takes every stage away. */
export const closingPatch = (present: UsagePlan): readonly PatchOperation[] =>
  stagesPatch(present.apiStages ?? [], [])

const replace = (path: string, value: string): PatchOperation => ({ op: 'replace', path, value })

type Members = Readonly<Record<string, string | number | undefined>>

const filled = (members: object | undefined): Members | undefined =>
  members && Object.keys(members).length > 0 ? ({ ...members } as Members) : undefined

/** `/throttle` and `/quota` are changed member by member, and taken away whole. */
const memberPatch = (
  path: string,
  present: Members | undefined,
  wanted: Members | undefined,
): readonly PatchOperation[] => {
  if (!wanted) return present ? [{ op: 'remove', path }] : []
  return Object.entries(wanted)
    .filter(([name, value]) => String(present?.[name] ?? defaultOf(name)) !== String(value))
    .map(([name, value]) => ({
      op: present ? 'replace' : 'add',
      path: `${path}/${name}`,
      value: String(value),
    }))
}

/** API Gateway leaves an offset of 0 out of its answers. */
const defaultOf = (name: string): number | undefined => (name === 'offset' ? 0 : undefined)

interface Stage {
  readonly apiId?: string | undefined
  readonly stage?: string | undefined
  readonly throttle?: Throttles | Readonly<Record<string, object>> | undefined
}

const idOf = ({ apiId, stage }: Stage): string => `${apiId}:${stage}`

/** A stage whose methods are throttled otherwise is taken out and put in anew, all in one call. */
const stagesPatch = (present: readonly Stage[], wanted: readonly Stage[]): readonly PatchOperation[] => {
  const same = (a: Stage, b: Stage) => idOf(a) === idOf(b) && throttleText(a) === throttleText(b)
  const gone = present.filter((one) => !wanted.some((other) => same(one, other)))
  const added = wanted.filter((one) => !present.some((other) => same(one, other)))
  return [
    ...gone.map((one): PatchOperation => ({ op: 'remove', path: '/apiStages', value: idOf(one) })),
    ...added.map((one): PatchOperation => ({ op: 'add', path: '/apiStages', value: idOf(one) })),
    ...added.flatMap(throttlePatch),
  ]
}

const throttlePatch = (one: Stage): readonly PatchOperation[] =>
  Object.entries((one.throttle ?? {}) as Throttles).flatMap(([method, limits]) =>
    Object.entries(limits).map(([name, value]) =>
      replace(`/apiStages/${idOf(one)}/throttle/${method}/${name}`, String(value)),
    ),
  )

const throttleText = ({ throttle = {} }: Stage): string =>
  Object.entries(throttle as Throttles)
    .map(([method, { rateLimit, burstLimit }]) => `${method} ${rateLimit} ${burstLimit}`)
    .toSorted()
    .join('\n')
