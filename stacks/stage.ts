import { createHash } from 'node:crypto'
import { domainIn, machineAccountsIn } from './settings.ts'

/** Accounts whose principals may call the API for machines; nobody unless they are named. */
export const machineAccounts = machineAccountsIn(process.env.COUNTERSIGN_MACHINE_ACCOUNTS)

/** Of the platform's API, beside API Gateway's own address. */
export const domain = domainIn(process.env.COUNTERSIGN_DOMAIN, process.env.COUNTERSIGN_DOMAIN_CERTIFICATE)

/** A protected stage cannot be removed by a command, and what holds state outlives the stack that made it. */
export const isProtected = $app.protect

/** Resource options of everything that holds state. */
export const keptWhenProtected = { retainOnDelete: isProtected }

/** Physical name of a resource that SST does not name, within the service's limit however long the stage's name is. */
export const named = (name: string, limit = 255): string => {
  const whole = `${$app.name}-${$app.stage}-${name}`
  if (whole.length <= limit) return whole
  const digest = createHash('sha256').update(whole).digest('hex').slice(0, 8)
  return `${whole.slice(0, limit - digest.length - 1)}-${digest}`
}
