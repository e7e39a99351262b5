import { type Cause, HUB_SOURCE } from '@countersign/core/events'
import type { RegistrationFault } from '@countersign/core/registry'
import { digestOf } from '@countersign/core/shared'
import type { Refusal } from './problem.ts'
import { publishApi } from './publishing.ts'
import { type AskedApi, deployApi, deregisterApi, rejectPublication, withOthersApi } from './registration.ts'
import type { Services } from './services.ts'
import type { HubEvent, MalformedHubEvent } from './subscriber.ts'

type Published = Extract<HubEvent, { type: 'api-hub.api-published' }>
type Withdrawn = Extract<HubEvent, { type: 'api-hub.api-withdrawn' }>
type PublicationServices = Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>

/**
 * One publication: the API first, then each deployment. Each is a transaction under a key of its own, so a redelivery
 * goes on where the last one stopped; a publication that a later one or a withdrawal overtook changes nothing more.
 */
export const registerPublication = async (services: PublicationServices, event: Published): Promise<void> => {
  const { deployments, ...publication } = event.data
  const cause = causeOf(event, services.clock())
  const published = await publishApi(services, asked(event, 'api', cause), {
    ...publication,
    publishedAt: event.time,
  })
  if (!published.ok) return notRegistered(services, event, published.error)
  const faults: RegistrationFault[] = []
  for (const { environment, authorizerCacheTtlSeconds = 0, ...coordinates } of deployments) {
    const placement = { environment, authorizerCacheTtlSeconds, coordinates, saidAt: event.time }
    const deployed = await deployApi(services, asked(event, environment, cause), publication.name, placement)
    if (deployed.ok) continue
    if (isOvertaken(deployed.error)) return ignored(services, event)
    faults.push(placementFault(environment, deployed.error))
  }
  if (faults.length === 0) return
  const rejected = await rejectPublication(services, asked(event, 'deployments', cause), publication, faults)
  if (!rejected.ok) said(services, event, rejected.error)
}

/** By a later publication, or by a withdrawal. */
const isOvertaken = ({ reason }: Refusal): boolean =>
  reason === 'publication_overtaken' || reason === 'api_not_found'

const notRegistered = (services: PublicationServices, event: Published, refusal: Refusal): void => {
  if (refusal.reason === 'conflict') throw new Error('the API could not be registered: conflict')
  if (isOvertaken(refusal)) ignored(services, event)
  else said(services, event, refusal)
}

/** What another try can mend is thrown, so that the queue tries again; the rest is for the publisher to mend. */
const placementFault = (environment: string, { reason, detail = reason }: Refusal): RegistrationFault => {
  if (reason === 'conflict') throw new Error(`${environment} could not be deployed: ${detail}`)
  return { pointer: `/deployments/${environment}`, code: reason, detail }
}

/** What cannot be read as a publication is refused like one, so that its publisher learns of it. */
export const rejectMalformed = async (
  services: PublicationServices,
  event: MalformedHubEvent,
): Promise<void> => {
  const { id, name, publicationId, faults } = event
  const cause: Cause = {
    actor: HUB_SOURCE,
    correlationId: publicationId ?? id,
    causationId: id,
    now: services.clock(),
  }
  const asked = { cause, idempotencyKey: `${id}#malformed`, fingerprint: digestOf([id, 'malformed']) }
  await rejectPublication(services, asked, { name, publicationId }, faults)
}

/** Closes the API, unless it was published again since. */
export const withdrawPublication = async (services: PublicationServices, event: Withdrawn): Promise<void> => {
  const cause = causeOf(event, services.clock())
  const { name } = event.data
  const withdrawn = await withOthersApi(services, name, () =>
    deregisterApi(services, asked(event, 'withdrawal', cause), name, event.time),
  )
  if (withdrawn.ok) return
  const { reason } = withdrawn.error
  if (isOvertaken(withdrawn.error)) return ignored(services, event)
  if (reason === 'api_reserved') return said(services, event, withdrawn.error)
  throw new Error(`the API could not be withdrawn: ${reason}`)
}

const causeOf = (event: HubEvent, now: Date): Cause => ({
  actor: HUB_SOURCE,
  correlationId: event.data.publicationId,
  causationId: event.id,
  now,
})

const asked = (event: HubEvent, part: string, cause: Cause): AskedApi => ({
  cause,
  ifMatch: undefined,
  idempotencyKey: `${event.id}#${part}`,
  fingerprint: digestOf([event.id, part]),
})

const ignored = ({ log }: PublicationServices, { type, id, data }: HubEvent): void =>
  log({ level: 'warn', message: 'a publication was overtaken', type, eventId: id, api: data.name })

const said = ({ log }: PublicationServices, { type, id, data }: HubEvent, { reason }: Refusal): void =>
  log({ level: 'warn', message: 'a publication was refused', type, eventId: id, api: data.name, reason })
