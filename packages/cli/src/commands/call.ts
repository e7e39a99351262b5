import type { Redacted } from '@countersign/client/redacted'
import { printJson, refuse } from '../answer.ts'
import { type Command, type Context, type ExitCode, WrongUsage } from '../command.ts'
import { checkUrl } from '../connect.ts'
import { readInput, tokenIn } from '../files.ts'
import { printable } from '../table.ts'

const METHODS: readonly string[] = ['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH']

/** As long as API Gateway gives an integration, and a little. */
const TIME_LIMIT_MILLISECONDS = 35_000

export const call: Command = {
  name: 'call',
  arguments: ['METHOD', 'PATH'],
  summary: 'Calls an API through the gateway, as a consumer does',
  details:
    'PATH is /{gatewayId}/{stage}/… and may have a query. The token is read from a file, from stdin or from\n' +
    '$COUNTERSIGN_TOKEN; without any the call goes out without a credential. Exit code 0 for a 2xx answer, else 1.',
  options: {
    gateway: { value: 'URL', help: '$COUNTERSIGN_GATEWAY, else http://127.0.0.1:8788' },
    token: { value: 'FILE', help: 'holds the token; - for stdin' },
    body: { value: 'FILE', help: 'JSON to send; - for stdin' },
  },
  run: async (context) => {
    const url = urlOf(context)
    const request = await requestOf(context)
    try {
      const response = await fetch(url, { ...request, signal: AbortSignal.timeout(TIME_LIMIT_MILLISECONDS) })
      return show(context, response, new Uint8Array(await response.arrayBuffer()))
    } catch (cause) {
      return refuse(context, { reason: 'unreachable', cause })
    }
  },
}

const urlOf = ({ given, terminal }: Context): string => {
  const gateway =
    given.text('gateway') ?? (terminal.environment.COUNTERSIGN_GATEWAY || 'http://127.0.0.1:8788')
  checkUrl(gateway, '--gateway')
  const path = given.argument(1)
  if (!path.startsWith('/')) throw new WrongUsage('PATH starts with a slash: /{gatewayId}/{stage}/…')
  return gateway.replace(/\/+$/, '') + path
}

const requestOf = async ({ given, terminal }: Context): Promise<RequestInit> => {
  const method = given.argument(0).toUpperCase()
  if (!METHODS.includes(method)) throw new WrongUsage(`METHOD is one of ${METHODS.join(', ')}`)
  const body = given.text('body')
  if (body !== undefined && (method === 'GET' || method === 'HEAD'))
    throw new WrongUsage(`${method} takes no --body`)
  if (body === '-' && given.text('token') === '-')
    throw new WrongUsage('stdin is either the token or the body')
  const token = await presentedToken({ given, terminal })
  return {
    method,
    redirect: 'manual',
    headers: {
      ...(token && { authorization: `Bearer ${token.reveal()}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: await readInput(body, terminal) }),
  }
}

const presentedToken = async ({
  given,
  terminal,
}: Pick<Context, 'given' | 'terminal'>): Promise<Redacted<string> | undefined> => {
  const file = given.text('token')
  if (file !== undefined) return tokenIn(await readInput(file, terminal), file === '-' ? 'stdin' : file)
  const { COUNTERSIGN_TOKEN: text } = terminal.environment
  return text ? tokenIn(text, '$COUNTERSIGN_TOKEN') : undefined
}

const show = ({ given, terminal }: Context, response: Response, body: Uint8Array): ExitCode => {
  const ending = response.ok ? 0 : 1
  if (given.flag('json')) {
    printJson({ terminal }, new TextDecoder().decode(body))
    return ending
  }
  const challenge = response.headers.get('www-authenticate')
  terminal.out(`HTTP ${response.status} ${printable(response.statusText)}`.trimEnd().concat('\n'))
  if (challenge !== null) terminal.out(`www-authenticate: ${printable(challenge)}\n`)
  terminal.out(body)
  if (body.length > 0 && body.at(-1) !== 0x0a) terminal.out('\n')
  return ending
}
