import type { Cause } from '@countersign/core/events'
import type { Lockdown, LockdownFact } from '@countersign/core/lockdown'
import * as Lockdowns from '@countersign/core/lockdown/module'
import * as Registry from '@countersign/core/registry/module'
import { Line, Slug } from '@countersign/core/schema'
import { err, type LockdownScope, ok, type Result } from '@countersign/core/shared'
import * as z from 'zod'
import { change, command, versionMatches } from './command.ts'
import { enforcedInScope } from './enforcement.ts'
import { findApi, lockdownShape } from './entities.ts'
import type { HttpAnswer, HttpRequest } from './http.ts'
import type { Refusal } from './problem.ts'
import { OWN_API } from './registration.ts'
import type { Services } from './services.ts'

/** Everywhere, or at an API (by name or id), in an environment, or at one in the other. */
export const LockdownBody = z
  .strictObject({
    everywhere: z.literal(true).optional(),
    api: Slug.optional(),
    environment: Slug.optional(),
    because: Line,
  })
  .refine(
    ({ everywhere, api, environment }) => (everywhere === undefined) === ((api ?? environment) !== undefined),
    {
      error: 'say everywhere, or an API, an environment or both',
      path: ['everywhere'],
    },
  )

export type LockdownRequest = z.output<typeof LockdownBody>

type Needs = Pick<Services, 'ledger' | 'newId' | 'pause'>
type Asked = HttpRequest<LockdownRequest, undefined, undefined>
type Decide = (
  known: Lockdown | undefined,
  scope: LockdownScope,
  own: readonly OwnId[],
) => Result<readonly LockdownFact[], Refusal>
type OwnId = Lockdown['spares'][number]

/** A command on the lockdown of a scope: saved with the fence, and answered with what gateways may still keep. */
export const lockdownCommand = (
  services: Needs,
  request: Asked,
  decide: (...given: [...Parameters<Decide>, Cause]) => ReturnType<Decide>,
): Promise<Result<HttpAnswer, Refusal>> =>
  command(services, request, async () => {
    const { body, cause } = request
    const own = await ownApi(services)
    const scope = await scopeIn(services, body, own)
    if (!scope.ok) return scope
    const id = Lockdowns.lockdownIdOf(scope.value)
    const loaded = await services.ledger.load<Lockdown>('lockdown', id)
    if (!versionMatches(request.ifMatch, loaded)) return err({ reason: 'version_mismatch' })
    const facts = decide(loaded.state, scope.value, own, cause)
    if (!facts.ok) return facts
    const recording = { cause, newId: services.newId }
    const { state, version, changes } = change(lockdownShape, id, loaded, facts.value, recording)
    const enforcedBy = await enforcedInScope(services.ledger, state, new Date(state.begunAt))
    const view = { ...lockdownView(state), ...(state.status === 'begun' && { enforcedBy }) }
    return ok({ changes, answer: { status: 200, body: view, version } })
  })

const ownApi = async ({ ledger }: Needs): Promise<readonly OwnId[]> => {
  const { owner } = await ledger.claim(Registry.nameClaim(OWN_API))
  return owner === undefined ? [] : [owner as OwnId]
}

/** The platform's own API is where a lockdown is ended, so it is spared, and never locked down by name. */
const scopeIn = async (
  { ledger }: Needs,
  { api, environment }: LockdownRequest,
  own: readonly OwnId[],
): Promise<Result<LockdownScope, Refusal>> => {
  if (api === undefined) return ok({ environment })
  const found = await findApi(ledger, api)
  if (!found) return err({ reason: 'api_not_found', status: 400 })
  const { id: apiId } = found.state
  return own.includes(apiId) ? err({ reason: 'api_reserved' }) : ok({ apiId, environment })
}

export const lockdownView = ({ firstAt: _, status, apiId, environment, ...rest }: Lockdown) => ({
  ...(apiId === undefined && environment === undefined ? { everywhere: true } : { apiId, environment }),
  state: status,
  ...rest,
})
