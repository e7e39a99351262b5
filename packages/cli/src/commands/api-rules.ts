import type { AccessRule, Api } from '@countersign/client'
import { answer, refuse } from '../answer.ts'
import { type Command, type Context, type ExitCode, WrongUsage } from '../command.ts'
import { printable, table } from '../table.ts'

const ENVIRONMENT = { environment: { value: 'E', help: 'development, staging, …', required: true } } as const

/** `PUT /apis/{name}/access-rules/{environment}` replaces all rules; these add to, take from and show what is there. */
export const apiRules: readonly Command[] = [
  {
    name: 'apis rules',
    arguments: ['NAME'],
    summary: 'Shows what groups open of an API',
    run: async (context) => {
      const { apis } = await context.client()
      return answer(context, await apis.show(context.given.argument(0)), describe)
    },
  },
  {
    name: 'apis allow',
    arguments: ['NAME'],
    summary: 'Lets a group call routes of an API, and no others than those named',
    details:
      'GROUP is the stable id in the directory, not the display name. What the group could open before and is not\n' +
      'named is closed to it at once; rules of other groups stay.',
    options: {
      ...ENVIRONMENT,
      group: { value: 'GROUP', help: "the directory's stable id", required: true },
      route: {
        value: 'ROUTE',
        help: "'GET /x/{id}'; may be given more than once",
        required: true,
        many: true,
      },
    },
    run: async (context) => {
      const { given } = context
      const rule = { group: given.required('group'), routes: given.texts('route') }
      return change(context, (rules) => [...rules.filter(({ group }) => group !== rule.group), rule])
    },
  },
  {
    name: 'apis forbid',
    arguments: ['NAME'],
    summary: 'Takes all routes of an API from a group, at once',
    options: {
      ...ENVIRONMENT,
      group: { value: 'GROUP', help: "the directory's stable id", required: true },
    },
    run: async (context) => {
      const wanted = context.given.required('group')
      return change(context, (rules) => {
        if (!rules.some(({ group }) => group === wanted))
          throw new WrongUsage(`no rule names the group "${printable(wanted)}" there`)
        return rules.filter(({ group }) => group !== wanted)
      })
    },
  },
]

const change = async (
  context: Context,
  decide: (rules: readonly AccessRule[]) => readonly AccessRule[],
): Promise<ExitCode> => {
  const name = context.given.argument(0)
  const environment = context.given.required('environment')
  const { apis } = await context.client()
  const known = await apis.show(name)
  if (!known.ok) return refuse(context, known.error)
  const { etag, body } = known.value
  const present = body.accessRules.find((own) => own.environment === environment)?.rules ?? []
  const changed = await apis.changeRules(name, environment, { rules: decide(present) }, { ifMatch: etag })
  return answer(context, changed, describe)
}

const describe = ({ accessRules, name }: Api): string => {
  const lines = accessRules.flatMap(({ environment, rules }) =>
    rules.flatMap(({ group, routes }) => routes.map((route) => ({ environment, group, route }))),
  )
  if (lines.length === 0) return `No group opens anything of ${printable(name)}.\n`
  return table(lines, {
    ENVIRONMENT: ({ environment }) => environment,
    GROUP: ({ group }) => group,
    ROUTE: ({ route }) => route,
  })
}
