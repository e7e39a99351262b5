import type {
  Explain,
  ExplainedCredential,
  ExplainedPlace,
  ExplainedStep,
  Explanation,
} from '@countersign/client'
import { printJson, refuse } from '../answer.ts'
import { type Command, type Context, WrongUsage } from '../command.ts'
import { readInput, tokenIn } from '../files.ts'
import { columns, facts, printable } from '../table.ts'

export const explain: Command = {
  name: 'explain',
  arguments: ['METHOD', 'PATH'],
  summary: 'Says step by step what the authorizer would decide now, and why',
  details:
    'PATH is what the client sends, without stage and query. Name the deployment with --api and --environment, or with\n' +
    '--at as the decision log has it; and the credential with --id, or with --token where you hold it: then form and\n' +
    'signature are looked at too. It goes into the body of the request and is kept nowhere.\n' +
    'Exit code 0 when the request would be let through, 1 when it would be refused.',
  options: {
    id: { value: 'ID', help: 'tok_…, ses_…, or con_… for a token that the consumer signs itself' },
    jti: { value: 'NAME', help: 'which of its own tokens, with the id of a consumer' },
    token: { value: 'FILE', help: 'holds the presented token; - for stdin' },
    api: { value: 'NAME', help: 'the API' },
    environment: { value: 'NAME', help: 'the environment of the API' },
    at: { value: 'GATEWAY/STAGE', help: 'the deployment, by the id of the REST or HTTP API and its stage' },
    account: { value: 'ID', help: 'with --at: the AWS account, where several fit' },
    region: { value: 'NAME', help: 'with --at: the region, where several fit' },
    simple: { help: "an HTTP API's simple responses are on" },
  },
  run: async (context) => {
    const asked: Explain = {
      ...(await credentialIn(context)),
      ...placeIn(context),
      method: context.given.argument(0).toUpperCase(),
      path: context.given.argument(1),
      ...(context.given.flag('simple') && { responses: 'simple' }),
    }
    const outcome = await (await context.client()).decisions.explain(asked)
    if (!outcome.ok) return refuse(context, outcome.error)
    const { body, text } = outcome.value
    if (context.given.flag('json')) printJson(context, text)
    else context.terminal.out(rendered(body))
    return body.outcome === 'allow' ? 0 : 1
  },
}

const credentialIn = async ({ given, terminal }: Context): Promise<ExplainedCredential> => {
  const [file, id, jti] = [given.text('token'), given.text('id'), given.text('jti')]
  if ((file === undefined) === (id === undefined)) throw new WrongUsage('give either --id or --token')
  if (jti !== undefined && !id?.startsWith('con_')) throw new WrongUsage('--jti goes with --id con_…')
  if (file !== undefined)
    return { token: tokenIn(await readInput(file, terminal), file === '-' ? 'stdin' : file).reveal() }
  if (id?.startsWith('tok_')) return { tokenId: id }
  if (id?.startsWith('ses_')) return { sessionId: id }
  if (id?.startsWith('con_')) return { consumerId: id, jti }
  throw new WrongUsage('--id begins with tok_, ses_ or con_')
}

const placeIn = ({ given }: Context): ExplainedPlace => {
  const [api, environment, at] = [given.text('api'), given.text('environment'), given.text('at')]
  if (at === undefined) {
    if (api !== undefined && environment !== undefined) return { api, environment }
    throw new WrongUsage('give --api and --environment, or --at GATEWAY/STAGE')
  }
  const [gatewayId = '', stage = '', ...rest] = at.split('/')
  if (stage === '' || rest.length > 0 || api !== undefined || environment !== undefined)
    throw new WrongUsage('--at takes GATEWAY/STAGE, and neither --api nor --environment beside it')
  return { gatewayId, stage, accountId: given.text('account'), region: given.text('region') }
}

const rendered = (explanation: Explanation): string => {
  const { outcome, reason, status, challenge, steps, nearest, advice, remarks } = explanation
  const verdict =
    outcome === 'allow' ? 'let through' : `refused: ${reason} (the caller sees ${status}, ${challenge})`
  return [
    `${printable(verdict)}\n`,
    facts({ request: requestLine(explanation), credential: credentialLine(explanation) }),
    `${columns(steps.map(stepRow))}\n`,
    facts({
      nearest: nearest && nearestLine(nearest),
      ...Object.fromEntries(remarks.map((remark, at) => [`note ${at + 1}`, remark])),
      'to do': advice,
    }),
  ].join('\n')
}

const requestLine = ({ request }: Explanation): string => {
  const { method, path, api, environment, accountId, region, gatewayId, stage } = request
  const place = api === null ? 'no registered deployment' : `${api} in ${environment}`
  return `${method} ${path} at ${place} (${accountId}/${region}/${gatewayId}/${stage})`
}

const credentialLine = ({ credential }: Explanation): string => {
  if (!credential) return 'none that could be read'
  const { kind, tokenId, consumerId, sessionId, subject, presented } = credential
  const who = [tokenId ?? sessionId, consumerId ?? subject].filter(Boolean).join(' of ')
  return `${kind} ${who}${presented ? '' : ', not presented: a genuine one is assumed'}`
}

const MARKS = { passed: 'ok', refused: 'REFUSED', skipped: '-' } as const

const stepRow = ({ step, outcome, found }: ExplainedStep): readonly string[] => [
  `  ${printable(step)}`,
  MARKS[outcome],
  found ? printable(foundLine(found)) : '',
]

const foundLine = (found: Readonly<Record<string, unknown>>): string =>
  Object.entries(found)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${valueText(value)}`)
    .join(', ')

const valueText = (value: unknown): string => {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(valueText).join(' | ')
  if (typeof value === 'object' && value !== null) return `(${foundLine({ ...value })})`
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)
}

const nearestLine = ({ route, apiId, environment, group, differs }: NonNullable<Explanation['nearest']>) => {
  const where = `${route} of ${apiId} in ${environment}${group === undefined ? '' : ` for group ${group}`}`
  return differs.length === 0 ? where : `${where}; another ${differs.join(' and ')}`
}
