import { Session } from '@countersign/core/session'
import { Webhooks } from '@countersign/core/webhook'

/** What somebody who deploys can mend: it is said before anything is made. */
class Unusable extends Error {
  override readonly name = 'Unusable'
}

const ACCOUNT = /^\d{12}$/

/** `COUNTERSIGN_MACHINE_ACCOUNTS`: account ids with commas between them; none unless it is given. */
export const machineAccountsIn = (text: string | undefined): readonly string[] => {
  const accounts = (text ?? '').split(',').map((account) => account.trim())
  if (accounts.length === 1 && accounts[0] === '') return []
  const wrong = accounts.find((account) => !ACCOUNT.test(account))
  if (wrong !== undefined)
    throw new Unusable(
      `COUNTERSIGN_MACHINE_ACCOUNTS takes account ids of 12 digits with commas between them, not "${wrong}"`,
    )
  return [...new Set(accounts)].sort((a, b) => (a < b ? -1 : 1))
}

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})+$`)
const CERTIFICATE = /^arn:aws[\w-]*:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/

export interface Domain {
  readonly name: string
  /** Of Certificate Manager, in the API's region; then DNS is left to whoever has it. */
  readonly cert?: string
  readonly dns?: false
}

/**
 * `COUNTERSIGN_DOMAIN`: where the platform's API answers. With `COUNTERSIGN_DOMAIN_CERTIFICATE`, an ARN, the domain may be
 * kept anywhere; without it, it has to be in Route 53 of the same account, where certificate and records are made.
 */
export const domainIn = (name: string | undefined, certificate: string | undefined): Domain | undefined => {
  if (!name && certificate)
    throw new Unusable('COUNTERSIGN_DOMAIN_CERTIFICATE is of no use without COUNTERSIGN_DOMAIN')
  if (!name) return undefined
  if (!NAME.test(name))
    throw new Unusable(
      `COUNTERSIGN_DOMAIN takes a domain name in small letters, such as tokens.example.org, not "${name}"`,
    )
  if (!certificate) return { name }
  if (!CERTIFICATE.test(certificate))
    throw new Unusable(
      `COUNTERSIGN_DOMAIN_CERTIFICATE takes the ARN of a certificate, arn:aws:acm:REGION:ACCOUNT:certificate/ID, not "${certificate}"`,
    )
  return { name, cert: certificate, dns: false }
}

/** `COUNTERSIGN_SIGN_IN`: who may vouch for people, as the functions get it; nobody unless it is given. */
export const signInIn = (text: string | undefined): string => {
  const said = text?.trim() || '{}'
  const read = Session.readSignIn(said)
  if (!read.ok) throw new Unusable(`COUNTERSIGN_SIGN_IN cannot be read: ${read.error}`)
  const file = read.value.providers.find(({ groups }) => groups.from === 'file')
  if (file)
    throw new Unusable(
      `COUNTERSIGN_SIGN_IN has the groups of "${file.name}" come from a file, which only one machine has`,
    )
  return said
}

/** `COUNTERSIGN_WEBHOOK_HOSTS`: hosts with commas between them, as the functions get them; none unless it is given. */
export const webhookHostsIn = (text: string | undefined): string => {
  const said = text?.trim() ?? ''
  const read = Webhooks.readAllowedHosts(said)
  if (!read.ok)
    throw new Unusable(
      `COUNTERSIGN_WEBHOOK_HOSTS takes hosts, each with a port if you like, with commas between them, not "${read.error}"`,
    )
  return said
}
