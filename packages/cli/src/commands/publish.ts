import type { Api, Client, Failure, Result } from '@countersign/client'
import { answer, refuse } from '../answer.ts'
import { type Command, type Context, type ExitCode, WrongUsage } from '../command.ts'
import { type Described, readDocument } from '../document.ts'
import type { Given } from '../given.ts'
import { facts, printable } from '../table.ts'

const UNOWNED = 'unowned'

/** `PUT /apis/{name}`, then where it lives. */
export const publishApi: Command = {
  name: 'apis publish',
  arguments: ['FILE'],
  summary: 'Registers an API from its OpenAPI document, and where it is deployed',
  details:
    'FILE is OpenAPI 3.0, 3.1 or Swagger 2.0 as JSON or YAML, or - for stdin. Without --name the API is called\n' +
    'after the title in the document. Publishing again replaces the routes and how they are protected (say\n' +
    '--authorization again); it keeps owner and description unless they are given. A new API without --owner belongs\n' +
    `to the contact in the document; without one it is "${UNOWNED}". With --json the API is printed as it is once it\n` +
    'is deployed.',
  options: {
    environment: { value: 'E', help: 'development, staging, …', required: true },
    'gateway-id': { value: 'ID', help: 'of the REST or HTTP API', required: true },
    stage: { value: 'STAGE', help: "the gateway's stage", required: true },
    account: { value: 'ACCOUNT', help: 'the AWS account, twelve digits', required: true },
    region: { value: 'REGION', help: 'eu-west-2 unless given' },
    name: { value: 'NAME', help: 'letters, digits, ".", "_" and "-"' },
    owner: { value: 'OWNER', help: 'the team that answers for it' },
    description: { value: 'TEXT', help: 'one line about it' },
    authorization: {
      value: 'A',
      help: 'for routes the document says nothing about: token; iam unless given',
    },
    'cache-ttl': { value: 'SECONDS', help: 'how long the gateway may cache a decision; 0 unless given' },
  },
  run: async (context) => {
    const { given, terminal } = context
    const deployment = deploymentOf(given)
    const document = await readDocument(given.argument(0), terminal)
    const name = given.text('name') ?? document.slug
    if (!name) throw new WrongUsage('the document has no title to name the API after; give --name')
    return publish(context, name, document, deployment)
  },
}

const deploymentOf = (given: Given) => ({
  environment: given.required('environment'),
  accountId: given.required('account'),
  region: given.text('region') ?? 'eu-west-2',
  gatewayId: given.required('gateway-id'),
  stage: given.required('stage'),
  authorizerCacheTtlSeconds: given.wholeNumber('cache-ttl'),
})

const publish = async (
  context: Context,
  name: string,
  { openapi, contact }: Described,
  { environment, ...where }: ReturnType<typeof deploymentOf>,
): Promise<ExitCode> => {
  const { given, terminal } = context
  const { apis } = await context.client()
  const known = await registered(apis, name)
  if (!known.ok) return refuse(context, known.error)
  const published = await apis.publish(name, {
    owner: given.text('owner') ?? known.value?.owner ?? contact ?? UNOWNED,
    description: given.text('description') ?? known.value?.description ?? undefined,
    openapi,
    authorization: given.text('authorization'),
  })
  if (!published.ok) return refuse(context, published.error)
  const deployed = await apis.deploy(name, environment, where)
  if (!deployed.ok && !given.flag('json'))
    terminal.error(`countersign: "${name}" is registered, its deployment is not:\n`)
  const at = `${environment}: ${where.accountId}/${where.region}/${where.gatewayId}/${where.stage}`
  return answer(context, deployed, () => summaryOf(published.value.body, at))
}

/** The API as it is now, or undefined where there is none of that name. */
const registered = async (apis: Client['apis'], name: string): Promise<Result<Api | undefined, Failure>> => {
  const known = await apis.show(name)
  if (known.ok) {
    const { body } = known.value
    return { ok: true, value: body.status === 'deregistered' ? undefined : body }
  }
  const absent = known.error.reason === 'problem' && known.error.problem.status === 404
  return absent ? { ok: true, value: undefined } : known
}

const summaryOf = ({ name, id, owner, routes }: Api, at: string): string => {
  const counts = new Map<string, number>()
  for (const { authorization } of routes) counts.set(authorization, (counts.get(authorization) ?? 0) + 1)
  const kinds = [...counts].map(([authorization, count]) => `${count} ${authorization}`).join(', ')
  const routesText = `${routes.length}${kinds && ` (${kinds})`}`
  const opened = counts.has('token') || counts.has('token+group')
  const hint = opened
    ? ''
    : '\nNo token opens any of them; --authorization token would protect them with tokens.\n'
  return `Published ${printable(name)}\n${facts({ id, owner, routes: routesText, deployment: at })}${hint}`
}
