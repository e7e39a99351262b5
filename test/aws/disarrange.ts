import type { EmulatorWorld } from './world.ts'

interface Item {
  readonly id: string
  readonly name: string
  readonly apiStages?: unknown
}

/** The most that a page holds. */
const PAGE = 500

const listed = async ({ wire }: EmulatorWorld, path: `/${string}`): Promise<readonly Item[]> => {
  const answered = await wire.rest('apigateway', `GET ${path}?limit=${PAGE}`)
  return (answered.item ?? []) as readonly Item[]
}

/**
 * Undoes what was provisioned of an API key in two usage plans: the key is gone and another stands in its place, the first
 * plan is another and is there twice, the second is gone.
 */
export const disarrange = async (world: EmulatorWorld, apiKeyId: string): Promise<void> => {
  const { wire, services } = world
  const { state } = await services.ledger.load<{ readonly plans: readonly { readonly planId: string }[] }>(
    'api-key',
    apiKeyId,
  )
  const [first = '', second = ''] = (state?.plans ?? []).map(({ planId }) => planId)
  const plan = async (name: string) => (await listed(world, '/usageplans')).find((one) => one.name === name)
  const member = async () => {
    const joined = await plan(second)
    const keys = joined ? await listed(world, `/usageplans/${joined.id}/keys`) : []
    return keys.find(({ name }) => name === `${apiKeyId}.1`)
  }
  const [key, kept, gone] = [await member(), await plan(first), await plan(second)]
  if (!key || !kept || !gone) throw new Error(`${apiKeyId} is not in both of its plans`)
  await wire.rest('apigateway', 'POST /apikeys', { name: `${apiKeyId}.99`, value: crypto.randomUUID() })
  await wire.rest('apigateway', `DELETE /apikeys/${key.id}`)
  await wire.rest('apigateway', `PATCH /usageplans/${kept.id}`, {
    patchOperations: [{ op: 'replace', path: '/description', value: 'another' }],
  })
  // With the same stages: a patch of them leaves the emulator with a plan that nobody can read.
  await wire.rest('apigateway', 'POST /usageplans', { name: first, apiStages: kept.apiStages })
  await wire.rest('apigateway', `DELETE /usageplans/${gone.id}`)
}
