import { type Client, createClient } from '@countersign/client'
import { WrongUsage } from './command.ts'
import { readInput, tokenIn } from './files.ts'
import type { Given } from './given.ts'
import type { Terminal } from './terminal.ts'

/** The client for the endpoint and the credential that were named; throws WrongUsage. */
export const connect = async (given: Given, terminal: Terminal): Promise<Client> => {
  const { environment } = terminal
  const endpoint = endpointOf(given, terminal)
  checkKey(given.text('idempotency-key'))
  const file =
    given.text('credential') ?? (environment.COUNTERSIGN_CREDENTIAL || '.countersign/operator.token')
  const credential = tokenIn(await credentialText(file, terminal), file)
  return createClient({ endpoint, credential })
}

/** Where the HTTP API is; throws WrongUsage. */
export const endpointOf = (given: Given, { environment }: Terminal): string => {
  const endpoint = given.text('endpoint') ?? (environment.COUNTERSIGN_ENDPOINT || 'http://127.0.0.1:8787')
  checkUrl(endpoint, '--endpoint')
  return endpoint
}

const credentialText = async (file: string, terminal: Terminal): Promise<string> => {
  try {
    return await readInput(file, terminal)
  } catch (cause) {
    if (!(cause instanceof WrongUsage)) throw cause
    throw new WrongUsage(
      `no credential: ${cause.message}; start the platform, or name your file with --credential`,
      { cause },
    )
  }
}

/** As narrow as the platform is: what a header cannot carry would look like a broken connection. */
const checkKey = (key: string | undefined): void => {
  if (key !== undefined && !/^[\x21-\x7e]{1,255}$/.test(key))
    throw new WrongUsage('--idempotency-key takes 1 to 255 visible ASCII characters')
}

/** The URL itself is left out of the message: it might hold a password. */
export const checkUrl = (text: string, option: string): void => {
  const url = URL.parse(text)
  const plain = url && /^https?:$/.test(url.protocol) && !url.username && !url.password
  if (!plain || url.search || url.hash)
    throw new WrongUsage(`${option} takes an http or https URL without credentials, query or fragment`)
}
