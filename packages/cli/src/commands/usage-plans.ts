import type { Throttle, UsagePlan } from '@countersign/client'
import { answer, list, PAGING } from '../answer.ts'
import { type Command, type Context, WrongUsage } from '../command.ts'
import type { Given } from '../given.ts'
import { facts, table } from '../table.ts'
import { both, relative } from '../time.ts'

const PERIODS = ['day', 'week', 'month'] as const

export const usagePlans: readonly Command[] = [
  {
    name: 'usage-plans put',
    arguments: ['NAME'],
    summary: 'Makes a usage plan of an API in an environment, or makes it so',
    details: 'What is not given is not limited. The API and the environment of a plan never change.',
    options: {
      api: { value: 'A', help: 'name or id of the API', required: true },
      environment: { value: 'E', help: 'of that API', required: true },
      description: { value: 'TEXT', help: 'for whom it is' },
      quota: { value: 'N/PERIOD', help: `such as 1000/day; ${PERIODS.join(', ')} in UTC` },
      throttle: { value: 'RATE/BURST', help: 'such as 10/20: ten a second, twenty at once' },
      method: {
        value: 'ROUTE=RATE/BURST',
        help: "such as 'GET /x/{id}=1/2'; as often as needed",
        many: true,
      },
    },
    run: async (context) => {
      const { given } = context
      const throttle = given.text('throttle')
      const body = {
        api: given.required('api'),
        environment: given.required('environment'),
        description: given.text('description'),
        quota: quotaIn(given),
        throttle: throttle === undefined ? undefined : throttleIn(throttle, '--throttle'),
        methods: given.texts('method').map(methodIn),
      }
      const { usagePlans } = await context.client()
      return answer(context, await usagePlans.put(given.argument(0), body), describeAt(context))
    },
  },
  {
    name: 'usage-plans list',
    summary: 'Lists usage plans',
    options: {
      ...PAGING,
      api: { value: 'A', help: 'of this API' },
      environment: { value: 'E', help: 'of this environment' },
    },
    run: (context) => {
      const query = { api: context.given.text('api'), environment: context.given.text('environment') }
      return list(context, ({ usagePlans }, paging) => usagePlans.list({ ...paging, ...query }), {
        columns: {
          NAME: ({ name }) => name,
          API: ({ api }) => api,
          ENVIRONMENT: ({ environment }) => environment,
          QUOTA: quotaText,
          RATE: ({ throttle }) => rateText(throttle),
          METHODS: ({ methods = [] }) => methods.length,
          CHANGED: ({ changedAt }) => relative(changedAt, context.terminal.now()),
        },
        empty: 'There is no usage plan.',
      })
    },
  },
  {
    name: 'usage-plans show',
    arguments: ['NAME'],
    summary: 'Shows a usage plan: quota, rate and burst, and what single routes have instead',
    run: async (context) => {
      const { usagePlans } = await context.client()
      return answer(context, await usagePlans.show(context.given.argument(0)), describeAt(context))
    },
  },
]

const quotaIn = (given: Given) => {
  const text = given.text('quota')
  if (text === undefined) return undefined
  const [limit = '', name = '', ...rest] = text.split('/')
  const period = PERIODS.find((known) => known === name)
  if (!/^\d+$/.test(limit) || !period || rest.length > 0)
    throw new WrongUsage(`--quota takes a number and ${PERIODS.join(', ')}, as in 1000/day`)
  return { limit: Number(limit), period }
}

const throttleIn = (text: string, option: string): Throttle => {
  const [, rate, burst] = /^(\d+(?:\.\d+)?)\/(\d+)$/.exec(text) ?? []
  if (rate === undefined || burst === undefined)
    throw new WrongUsage(`${option} takes requests a second and requests at once, as in 10/20`)
  return { rateLimit: Number(rate), burstLimit: Number(burst) }
}

const methodIn = (text: string) => {
  const at = text.lastIndexOf('=')
  if (at < 0) throw new WrongUsage("--method takes a route and its limits, as in 'GET /x/{id}=1/2'")
  return { route: text.slice(0, at), ...throttleIn(text.slice(at + 1), '--method') }
}

const quotaText = ({ quota }: UsagePlan): string => (quota ? `${quota.limit} a ${quota.period}` : 'none')
const rateText = (throttle: Throttle | undefined): string =>
  throttle ? `${throttle.rateLimit}/s, ${throttle.burstLimit} at once` : 'none'

const describeAt =
  ({ terminal }: Context) =>
  (plan: UsagePlan): string => {
    const { methods = [] } = plan
    const described = facts({
      name: plan.name,
      id: plan.id,
      description: plan.description,
      opens: `${plan.api} in ${plan.environment}`,
      quota: quotaText(plan),
      rate: rateText(plan.throttle),
      created: both(plan.createdAt, terminal.now()),
      changed: both(plan.changedAt, terminal.now()),
    })
    if (methods.length === 0) return described
    return `${described}\n${table(methods, { ROUTE: ({ route }) => route, RATE: (limits) => rateText(limits) })}`
  }
