import { afterAll, describe, expect, it } from 'vitest'
import { done } from '../support/world.ts'
import { eventually } from './eventually.ts'
import { housing } from './given.ts'
import { coldStart, invoke, without } from './levers.ts'
import { openEmulatorWorld } from './world.ts'

/** The story of the road, with every function held to its role: what the stacks grant is enough. */
process.env.COUNTERSIGN_WORLD = 'emulator-iam'
await import('../acceptance/the-road.test.ts')

const world = await openEmulatorWorld({ enforceIam: true })
afterAll(() => world.stop())
const { client } = world
const { ask, issue, statusWith, opens, dead } = await housing(world)
const good = await issue()
await opens(good.token)

const failed = (outcome: Awaited<ReturnType<typeof ask>>) =>
  !outcome.ok && outcome.error.reason === 'problem' && outcome.error.problem.code

/** So that a role which is not enforced, or grants what nobody uses, does not go unnoticed. */
describe('a function without one of its grants', () => {
  it.each(['dynamodb:BatchGetItem', 'secretsmanager:GetSecretValue'])(
    'is an authorizer that answers 500 without %s, and never Allow',
    async (action) => {
      await without(world, 'Authorizer', action, async () => {
        await coldStart(world, 'Authorizer')
        expect(await statusWith(good.token)).toBe(500)
      })
      expect(await statusWith(good.token)).toBe(200)
    },
  )

  it.each(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'secretsmanager:GetSecretValue'])(
    'is a route that issues no token without %s',
    async (action) => {
      expect(await without(world, 'PostTokensRoute', action, async () => failed(await ask()))).toBe(
        'internal_error',
      )
      expect((await ask()).ok).toBe(true)
    },
  )

  it('is a revocation that is not acknowledged without the read model', async () => {
    const { id, token } = await issue()
    await opens(token)
    const revoke = () => client.tokens.revoke(id, { reason: 'compromised' })
    const refused = await without(world, 'PostTokensIdRevocationRoute', 'dynamodb:UpdateItem', revoke)
    expect([refused.ok, await statusWith(token)]).toEqual([false, 200])
    done(await revoke())
    expect(await statusWith(token)).toBe(401)
  })

  it.each(['secretsmanager:PutSecretValue', 'secretsmanager:UpdateSecretVersionStage'])(
    'is a rotation that stops without %s',
    async (action) => {
      const SecretId = world.deployment.outputs.environment.KEY_RING_SECRET
      const ClientRequestToken = crypto.randomUUID()
      const rotate = async () => {
        for (const Step of ['createSecret', 'testSecret', 'finishSecret']) {
          const end = await invoke(world, 'RotateKeyRingRotation', { Step, ClientRequestToken, SecretId })
          if (end.errorMessage !== undefined) return end.errorMessage
        }
        return undefined
      }
      expect(await without(world, 'RotateKeyRingRotation', action, rotate)).toContain('failed')
      expect(await rotate()).toBeUndefined()
    },
  )

  it('is a relay that keeps everything until it may publish', async () => {
    const token = await without(world, 'RelayStream', 'events:PutEvents', async () => {
      const issued = await issue()
      expect(await statusWith(issued.token)).toBe(401)
      return issued.token
    })
    await opens(token)
  })

  it('is a projector whose messages become dead letters, and are delivered by a redrive', async () => {
    const token = await without(world, 'ProjectAccessSubscriber', 'dynamodb:UpdateItem', async () => {
      const issued = await issue()
      await eventually('the event is a dead letter', async () => (await dead()) === 1)
      expect(await statusWith(issued.token)).toBe(401)
      return issued.token
    })
    expect(done(await client.pipeline.redrive('ProjectAccess'))).toMatchObject({ redriven: 1 })
    await opens(token)
  })
})
