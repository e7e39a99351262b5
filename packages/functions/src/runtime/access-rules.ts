import type { RuleRequest } from '@countersign/core/registry'
import * as Registry from '@countersign/core/registry/module'
import { err, ok, type Result } from '@countersign/core/shared'
import { change, command } from './command.ts'
import { apiShape } from './entities.ts'
import type { HttpAnswer } from './http.ts'
import { type Refusal, refusalOfFaults } from './problem.ts'
import { type AskedApi, askedApi } from './registration.ts'
import type { Services } from './services.ts'
import { apiView } from './views.ts'

/** Says what groups open of an API in one environment: these rules and no others. What they no longer open is closed at once. */
export const changeAccessRules = (
  services: Pick<Services, 'ledger' | 'newId'>,
  asked: AskedApi,
  { name, environment }: { readonly name: string; readonly environment: string },
  requests: readonly RuleRequest[],
): Promise<Result<HttpAnswer, Refusal>> =>
  command(services, asked, async () => {
    const found = await askedApi(services.ledger, asked, name)
    if (!found.ok) return found
    const rules = Registry.compileRules(requests, found.value.state)
    if (!rules.ok) return err(refusalOfFaults(rules.error))
    const facts = Registry.changeRules(found.value.state, environment, rules.value)
    const { state, version, changes } = change(apiShape, found.value.state.id, found.value, facts, {
      ...services,
      cause: asked.cause,
    })
    return ok({ changes, answer: { status: 200, body: apiView(state), version } })
  })
