import { fact } from '@countersign/core/events'
import type { Claim, ClaimChange, Ledger } from '@countersign/core/ledger'
import type { Api, DescribeApi, RegistrationFault } from '@countersign/core/registry'
import * as Registry from '@countersign/core/registry/module'
import { type Coordinates, err, ok, type Result } from '@countersign/core/shared'
import { type Asked, change, command, type Decided, NOTHING, versionMatches } from './command.ts'
import { apiShape, findApi, publicationShape, type RegisteredApi } from './entities.ts'
import type { HttpAnswer } from './http.ts'
import type { Refusal } from './problem.ts'
import type { Services } from './services.ts'
import { apiView } from './views.ts'

export type RegistrationServices = Pick<Services, 'ledger' | 'newId'>

/** Who publishes, and on which version of the API they think they do. */
export type AskedApi = Asked & { readonly ifMatch: number | undefined }

/** The platform registers its own API as it starts; nobody else says what protects it, or that it is gone. */
export const OWN_API = 'countersign'

export const isOwn = (name: string): boolean => Registry.nameClaim(name) === Registry.nameClaim(OWN_API)

/** Does what is asked with an API, unless it is the platform's own. */
export const withOthersApi = async (
  { ledger }: Pick<Services, 'ledger'>,
  nameOrId: string,
  work: () => Promise<Result<HttpAnswer, Refusal>>,
): Promise<Result<HttpAnswer, Refusal>> => {
  const found = await findApi(ledger, nameOrId)
  return found && isOwn(found.state.name) ? err({ reason: 'api_reserved' }) : work()
}

type Described = DescribeApi & {
  /** The publisher's own id, where it has one. */
  readonly publicationId?: string | undefined
}

/** Registers or updates an API whose routes are known. */
export const registerRoutes = (
  services: RegistrationServices,
  asked: AskedApi,
  described: Described,
): Promise<Result<HttpAnswer, Refusal>> => command(services, asked, () => saveApi(services, asked, described))

const saveApi = async (
  services: RegistrationServices,
  { cause, ifMatch }: AskedApi,
  { publicationId, ...asked }: Described,
): Decided => {
  const { name, owner, description, routes, publishedAt } = asked
  const found = await findApi(services.ledger, name)
  if (!versionMatches(ifMatch, found ?? NOTHING)) return err({ reason: 'version_mismatch' })
  if (publicationId !== undefined && (await isOvertaken(services.ledger, name, publishedAt, found)))
    return err({ reason: 'publication_overtaken' })
  // Whoever asks for an answer asks now, even when the clock of what was said before is ahead of ours.
  const saidAt = found && isPublishedAfter(found.state, publishedAt) ? found.state.publishedAt : publishedAt
  const described = { name, owner, description, routes, publishedAt: saidAt }
  const id = found?.state.id ?? services.newId('api')
  const facts = found
    ? updateFacts(found.state, described, publicationId !== undefined)
    : Registry.register(id, described)
  const { state, version, changes } = change(apiShape, id, found ?? NOTHING, facts, {
    cause,
    newId: services.newId,
  })
  const claims = found ? [] : [await taking(services.ledger, Registry.nameClaim(name), id)]
  return ok({ changes, claims, answer: { status: found ? 200 : 201, body: apiView(state), version } })
}

/** Published again, or deregistered, after this was said: EventBridge does not keep order. */
const isOvertaken = async (
  ledger: Ledger,
  name: string,
  saidAt: string,
  found: RegisteredApi | undefined,
): Promise<boolean> => {
  if (found) return isPublishedAfter(found.state, saidAt)
  const closed = await lastClosed(ledger, name)
  return closed !== undefined && closedAt(closed) >= Date.parse(saidAt)
}

const closedAt = ({ state }: RegisteredApi): number => Date.parse(state.deregisteredAt ?? '')

/** Of those that had the name before, the one that lost it last. */
const lastClosed = async (ledger: Ledger, name: string): Promise<RegisteredApi | undefined> => {
  const labels = ['status=deregistered', `name=${name}`]
  const { items } = await ledger.list<Api>('api', { labels, limit: 100, after: undefined })
  return items.toSorted((a, b) => closedAt(a) - closedAt(b)).at(-1)
}

const isPublishedAfter = ({ publishedAt }: Api, saidAt: string): boolean =>
  Date.parse(publishedAt) > Date.parse(saidAt)

/** A publisher that says the same again says it later: what it said in between must not come after it. */
const updateFacts = (api: Api, described: DescribeApi, isPublication: boolean) => {
  const facts = Registry.update(api, described)
  const isLater = Date.parse(described.publishedAt) > Date.parse(api.publishedAt)
  if (facts.length > 0 || !isPublication || !isLater) return facts
  const { routes, ...rest } = described
  const { id: apiId, deployments } = api
  return [fact('api.updated', { apiId, ...rest, routes: [...routes], deployments: [...deployments] })]
}

const taking = async (ledger: Ledger, name: string, owner: string): Promise<ClaimChange> => {
  const { generation } = await ledger.claim(name)
  return { name, owner, expectedGeneration: generation }
}

const releasing = async (ledger: Ledger, name: string): Promise<ClaimChange> => {
  const { generation } = await ledger.claim(name)
  return { name, owner: undefined, expectedGeneration: generation }
}

/** Says `api.registration-rejected` with every reason, once per key, and refuses. */
export const rejectPublication = async (
  services: RegistrationServices,
  asked: Asked,
  { name, owner, publicationId }: Pick<Described, 'name' | 'publicationId'> & { readonly owner?: string },
  faults: readonly RegistrationFault[],
): Promise<Result<never, Refusal>> => {
  const detail = faults.map((fault) => `${fault.pointer || 'the document'}: ${fault.detail}`).join('; ')
  const key = asked.idempotencyKey && `${asked.idempotencyKey}#rejection`
  const saved = await command(services, { ...asked, idempotencyKey: key || undefined }, async () => {
    const facts = Registry.rejectRegistration({ name, owner, publicationId }, faults)
    const id = services.newId('publication')
    const { changes } = change(publicationShape, id, NOTHING, facts, { ...services, cause: asked.cause })
    return ok({ changes, answer: { status: 422, body: { publication: id } } })
  })
  if (!saved.ok) throw new Error(`a rejection could not be recorded: ${saved.error.reason}`)
  return err({ reason: 'registration_rejected', errors: faults, detail })
}

export interface Placement {
  readonly environment: string
  readonly coordinates: Coordinates
  readonly authorizerCacheTtlSeconds: number
  /** RFC 3339, of a publication: what was published later than it has its own places. */
  readonly saidAt?: string
}

/** Says where an environment of an API lives. */
export const deployApi = (
  services: RegistrationServices,
  asked: AskedApi,
  api: string,
  placement: Placement,
): Promise<Result<HttpAnswer, Refusal>> =>
  command(services, asked, async () => {
    const found = await askedApi(services.ledger, asked, api, placement.saidAt)
    return found.ok ? saveDeployment(services, asked, found.value, placement) : found
  })

/** The API that a command is about; refused when it is not as the caller thinks, or was published after `saidAt`. */
export const askedApi = async (
  ledger: Ledger,
  { ifMatch }: AskedApi,
  api: string,
  saidAt?: string,
): Promise<Result<RegisteredApi, Refusal>> => {
  const found = await findApi(ledger, api)
  if (!found) return err({ reason: 'api_not_found' })
  if (!versionMatches(ifMatch, found)) return err({ reason: 'version_mismatch' })
  const overtaken = saidAt !== undefined && isPublishedAfter(found.state, saidAt)
  return overtaken ? err({ reason: 'publication_overtaken' }) : ok(found)
}

const saveDeployment = async (
  services: RegistrationServices,
  { cause }: AskedApi,
  found: RegisteredApi,
  placement: Placement,
): Decided => {
  const holding = await services.ledger.claim(Registry.coordinatesClaim(placement.coordinates))
  const facts = Registry.deploy(found.state, placement, holding)
  if (!facts.ok) return err({ reason: facts.error.reason })
  const { state, version, changes } = change(apiShape, found.state.id, found, facts.value, {
    ...services,
    cause,
  })
  const claims = await deploymentClaims(services.ledger, found.state, placement, holding)
  return ok({ changes, claims, answer: { status: 200, body: apiView(state), version } })
}

/** Takes the new coordinates and releases those the environment leaves; nothing when it stays where it is. */
const deploymentClaims = async (
  ledger: Ledger,
  api: Api,
  placement: Placement,
  { generation }: Claim,
): Promise<readonly ClaimChange[]> => {
  const wanted = Registry.coordinatesClaim(placement.coordinates)
  const left = api.deployments
    .filter(({ environment }) => environment === placement.environment)
    .map(({ coordinates }) => Registry.coordinatesClaim(coordinates))
  if (left.includes(wanted)) return []
  return [
    { name: wanted, owner: api.id, expectedGeneration: generation },
    ...(await Promise.all(left.map((name) => releasing(ledger, name)))),
  ]
}

/**
 * Closes an API: its name and its coordinates are free again, and nothing opens what lived there. `saidAt`: RFC 3339, of
 * its publisher's withdrawal, which closes nothing that was published later, and is kept where nothing has the name any
 * more: what was published before it may still come.
 */
export const deregisterApi = (
  services: RegistrationServices,
  asked: AskedApi,
  api: string,
  saidAt?: string,
): Promise<Result<HttpAnswer, Refusal>> =>
  command(services, asked, async () => {
    const found = await askedApi(services.ledger, asked, api, saidAt)
    if (found.ok) return saveClosing(services, asked, found.value, saidAt)
    const closed =
      found.error.reason === 'api_not_found' && saidAt && (await lastClosed(services.ledger, api))
    return closed ? saveClosing(services, asked, closed, saidAt) : found
  })

const saveClosing = async (
  services: RegistrationServices,
  { cause }: AskedApi,
  found: RegisteredApi,
  saidAt: string | undefined,
): Decided => {
  const now = saidAt === undefined ? cause.now : new Date(saidAt)
  const facts = Registry.deregister(found.state, { ...cause, now })
  const { state, version, changes } = change(apiShape, found.state.id, found, facts, { ...services, cause })
  const isClosed = found.state.status === 'deregistered'
  const held = [
    ...(isClosed ? [] : [Registry.nameClaim(found.state.name)]),
    ...found.state.deployments.map(({ coordinates }) => Registry.coordinatesClaim(coordinates)),
  ]
  const claims = await Promise.all(held.map((name) => releasing(services.ledger, name)))
  return ok({ changes, claims, answer: { status: 200, body: apiView(state), version } })
}
