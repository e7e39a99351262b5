import type { GatewayRequest } from '../gateway/message.ts'
import type { Served } from './servers.ts'

export const HELP = `Starts the platform on this machine.

  --port N           the HTTP API, 8787 unless given (0: any that is free)
  --gateway-port N   the API Gateway emulation, 8788 unless given (0: any that is free)
  --sign-in-port N   the OpenID provider, 8789 unless given (0: any that is free; so is it with --port 0)
  --data DIR         where the state is kept, .countersign unless given
  --upstream URL     a backend of yours behind the gateway, instead of the example
  --signing-algorithm NAME
                     of the keys that rotations make: HS512 unless given (or $COUNTERSIGN_SIGNING_ALGORITHM),
                     EdDSA, ES256 or ML-DSA-44; keys that are there stay what they are
  --sign-in FILE     who vouches for people beside the provider of this machine, as JSON ($COUNTERSIGN_SIGN_IN
                     unless given); docs/sign-in.md says what it holds
  --service-account FILE      the key that reads Google's directory, where groups come from there
  --shape ID/STAGE=SHAPE      what stands in front of a deployment: rest-request (unless given), rest-token,
                              http-iam (unless given at the stage $default) or http-simple
  --domain HOST/BASE=ID/STAGE a custom domain of it, by the Host header
  --cors ID/STAGE=ORIGIN      preflights from there are answered by the gateway
  --webhook-host HOST[:PORT]  webhooks may lead there over http and whatever its address is; nowhere else but to
                              public addresses over https
  --json             one line of JSON on stdout when it is ready, and nothing else`

export interface Told {
  readonly api: string
  readonly gateway: string
  readonly signIn: string
  readonly credential: string
  readonly awsCredentials: string
  readonly data: string
  readonly upstream: string | undefined
}

/** What runs, where the credential lies, what to try next. */
export const banner = ({
  api,
  gateway,
  signIn,
  credential,
  awsCredentials,
  data,
  upstream,
}: Told): string => {
  const endpoint = api.endsWith(':8787') ? '' : ` --endpoint ${api}`
  const file = credential.endsWith('/.countersign/operator.token') ? '' : ` --credential ${credential}`
  const through = gateway.endsWith(':8788') ? '' : ` --gateway ${gateway}`
  const cli = (command: string) => `  npx -y pnpm@12 countersign ${command}`
  return `
  HTTP API     ${api}
  API Gateway  ${gateway}/{gatewayId}/{stage}/{path}, in front of ${upstream ?? 'a small example upstream'}
  Sign-in      ${signIn} (an OpenID provider; its people: ${data}/people.yaml)
  State        ${data}
  Credential   ${credential} (the operator's bearer token; only you can read it)
  Access keys  ${awsCredentials} (sign requests to iam routes; AWS_SHARED_CREDENTIALS_FILE takes it)

Try next, in another terminal:

${cli('apis publish examples/tenancies.yaml --environment staging --gateway-id abc123 --stage staging')} \\
    --account 111111111111${endpoint}${file}
${cli('consumers register --name "Repairs service" --type service --owner repairs@example.org')}${endpoint}${file}
${cli("tokens issue --consumer CONSUMER_ID --api tenancies --environment staging --route 'GET /api/v1/tenancies/{id}'")} \\
    --expires-in 30d --token-file repairs.token${endpoint}${file}
${cli(`call GET /abc123/staging/api/v1/tenancies/7 --token repairs.token`)}${through}

Ctrl-C stops it; the state stays.
`
}

/** One line per request through the gateway: the path, never a query or a header, and why it was refused. */
export const requestLine = (
  { method, gatewayId, stage, path }: GatewayRequest,
  { status, milliseconds, reason, tokenId }: Served,
): string => {
  const why = reason === undefined ? '' : `  ${reason}${tokenId === undefined ? '' : ` (${tokenId})`}`
  const asked = `${method.padEnd(6)} /${gatewayId}/${stage}${printable(path)}`
  return `${status}  ${asked}  ${milliseconds.toFixed(1)} ms${why}`
}

const printable = (path: string): string => path.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, 120)
