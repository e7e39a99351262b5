import { err, ok } from '@countersign/core/shared'
import type { PlanRequest } from '@countersign/core/usage-plan'
import * as UsagePlans from '@countersign/core/usage-plan/module'
import { type Asked, change, command, NOTHING, versionMatches } from './command.ts'
import { findApi, findUsagePlan, usagePlanShape } from './entities.ts'
import { refusalOfFaults } from './problem.ts'
import type { Services } from './services.ts'
import { usagePlanView } from './usage-views.ts'

/** Makes a usage plan, or makes it so: checked against the API that is registered. */
export const putUsagePlan = (
  services: Pick<Services, 'ledger' | 'newId'>,
  asked: Asked & { readonly ifMatch: number | undefined },
  request: PlanRequest,
) =>
  command(services, asked, async () => {
    const { ledger, newId } = services
    const found = await findUsagePlan(ledger, request.name)
    if (!versionMatches(asked.ifMatch, found ?? NOTHING)) return err({ reason: 'version_mismatch' })
    const described = UsagePlans.compilePlan(request, await plannable(ledger, request.api))
    if (!described.ok) return err(refusalOfFaults(described.error))
    const id = found?.state.id ?? newId('usage-plan')
    const facts = UsagePlans.put(id, found?.state, described.value)
    if (!facts.ok) return err({ reason: facts.error })
    const { cause } = asked
    const { state, version, changes } = change(usagePlanShape, id, found ?? NOTHING, facts.value, {
      cause,
      newId,
    })
    const claims = found ? [] : [await taking(ledger, UsagePlans.nameClaim(request.name), id)]
    return ok({ changes, claims, answer: { status: found ? 200 : 201, body: usagePlanView(state), version } })
  })

const plannable = async (ledger: Services['ledger'], nameOrId: string) => {
  const api = (await findApi(ledger, nameOrId))?.state
  return api && { ...api, environments: api.deployments.map(({ environment }) => environment) }
}

const taking = async (ledger: Services['ledger'], name: string, owner: string) => ({
  name,
  owner,
  expectedGeneration: (await ledger.claim(name)).generation,
})
