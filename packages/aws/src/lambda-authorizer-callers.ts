import type { AuthorizerCallers, CallerAccount } from '@countersign/core/registry'
import { type Credentials, signed } from './sigv4.ts'

export interface LambdaAuthorizerCallersOptions {
  /** Names of the authorizer's functions, without the ARN before them. */
  readonly functionNames: readonly string[]
  readonly region: string
  /** Another address than AWS's own, such as an emulator's. */
  readonly endpoint?: string | undefined
  readonly credentials: () => Credentials
  readonly clock?: () => Date
  readonly fetch?: (url: URL, init: RequestInit) => Promise<Pick<Response, 'status' | 'headers' | 'text'>>
}

const LIMIT_MILLISECONDS = 5_000

/**
 * The authorizer's function policies: in each one statement for each account and region, for any authorizer of any of its API
 * Gateways. Without the SDK, whose client for Lambda would be a third of the bundle for two calls.
 */
export const lambdaAuthorizerCallers = (options: LambdaAuthorizerCallersOptions): AuthorizerCallers => ({
  admit: async (account) => {
    for (const name of options.functionNames) await admit(options, name, account)
  },
  dismiss: async (account) => {
    for (const name of options.functionNames) await dismiss(options, name, account)
  },
})

const admit = async (
  options: LambdaAuthorizerCallersOptions,
  functionName: string,
  account: CallerAccount,
): Promise<void> => {
  const answer = await call(options, 'POST', `${functionName}/policy`, {
    StatementId: statementIdOf(account),
    Action: 'lambda:InvokeFunction',
    Principal: 'apigateway.amazonaws.com',
    SourceArn: `arn:aws:execute-api:${account.region}:${account.accountId}:*/authorizers/*`,
  })
  // Lambda answers 409 as well when the function is being updated: that is tried again.
  if (answer.status === 201 || (answer.status === 409 && /already exists/i.test(answer.text))) return
  throw failure('admitting an account', answer)
}

const dismiss = async (
  options: LambdaAuthorizerCallersOptions,
  functionName: string,
  account: CallerAccount,
): Promise<void> => {
  const answer = await call(options, 'DELETE', `${functionName}/policy/${statementIdOf(account)}`)
  // 404 is also what a function that is not there answers.
  if (answer.status === 204 || (answer.status === 404 && !/function not found/i.test(answer.text))) return
  throw failure('dismissing an account', answer)
}

const statementIdOf = ({ accountId, region }: CallerAccount): string => `gateways-${region}-${accountId}`

interface Answer {
  readonly status: number
  /** Lambda's name for the fault. */
  readonly code: string
  readonly text: string
}

const call = async (
  options: LambdaAuthorizerCallersOptions,
  method: 'POST' | 'DELETE',
  path: string,
  input?: object,
): Promise<Answer> => {
  const { region, credentials, clock = () => new Date(), fetch: send = fetch } = options
  const endpoint = options.endpoint ?? `https://lambda.${region}.amazonaws.com`
  const url = new URL(`/2015-03-31/functions/${path}`, endpoint)
  const body = input ? JSON.stringify(input) : ''
  const plain = { 'content-type': 'application/json' }
  const request = { method, url, headers: plain, body }
  const { host: _, ...headers } = signed(request, credentials(), { region, service: 'lambda' }, clock())
  const signal = AbortSignal.timeout(LIMIT_MILLISECONDS)
  try {
    const answer = await send(url, { method, headers, signal, ...(input && { body }) })
    const code = answer.headers.get('x-amzn-errortype')?.split(':')[0] ?? 'unknown'
    return { status: answer.status, code, text: await answer.text() }
  } catch (cause) {
    throw new Error("the authorizer's policy could not be reached", { cause })
  }
}

/** `PolicyLengthExceededException` when there are too many accounts. */
const failure = (doing: string, { status, code }: Answer): Error =>
  new Error(`${doing} failed: ${status} ${code}`)
