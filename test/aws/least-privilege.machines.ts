import { randomUUID } from 'node:crypto'
import { signed } from '@countersign/aws/sigv4'
import { Redacted } from '@countersign/core/shared'
import { describe, expect, it } from 'vitest'
import { ACCOUNT, REGION } from './emulator.ts'
import { element } from './wire.ts'
import type { EmulatorWorld } from './world.ts'

interface Identity {
  readonly accessKeyId: string
  readonly secretAccessKey: Redacted<string>
}

/** A user of the account, who may do what the actions say. */
const userIn = async (
  { wire }: EmulatorWorld,
  UserName: string,
  Action: readonly string[],
): Promise<Identity> => {
  await wire.query('iam', 'CreateUser', { UserName })
  const Statement = [{ Effect: 'Allow', Action, Resource: '*' }]
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
  await wire.query('iam', 'PutUserPolicy', { UserName, PolicyName: 'all', PolicyDocument })
  const made = await wire.query('iam', 'CreateAccessKey', { UserName })
  return {
    accessKeyId: element(made, 'AccessKeyId'),
    secretAccessKey: new Redacted(element(made, 'SecretAccessKey').replaceAll('&amp;', '&')),
  }
}

/**
 * What the emulator can judge: methods for signed requests, the API's policy, identities of one account. Callers of another
 * account are held by the stacks' test, which reads the policy.
 */
export const machinesStory = async (world: EmulatorWorld): Promise<void> => {
  const { outputs } = world.deployment
  const machines = (outputs.machines ?? '').replace(/\/$/, '')
  const deployer = await userIn(world, 'deployer', ['execute-api:Invoke'])
  const nobody = await userIn(world, 'nobody', ['sqs:ListQueues'])

  const send = async (
    route: string,
    { by, body }: { readonly by?: Identity; readonly body?: object } = {},
  ) => {
    const [method = '', path = ''] = route.split(' ')
    const url = new URL(`${machines}${path}`)
    const text = body ? JSON.stringify(body) : ''
    const plain = { 'content-type': 'application/json', 'idempotency-key': randomUUID() }
    const request = { method, url, headers: plain, body: text }
    const headers = by ? signed(request, by, { region: REGION, service: 'execute-api' }, new Date()) : plain
    const answer = await fetch(url, { method, headers, ...(body && { body: text }) })
    return { status: answer.status, body: (await answer.json()) as Readonly<Record<string, unknown>> }
  }

  describe('the API for machines', () => {
    it('serves a signed request of the named account, and says who it was', async () => {
      const body = { name: 'Made by a machine', type: 'service', owner: 'robots' }
      const made = await send('POST /consumers', { by: deployer, body })
      expect(made.status).toBe(201)
      const { items } = await world.services.ledger.events({
        subject: String(made.body.id),
        limit: 1,
        after: undefined,
      })
      expect(items.map(({ actor }) => actor)).toEqual([`arn:aws:iam::${ACCOUNT}:user/deployer`])
    })

    it('serves nobody whom its own account does not let call it', async () => {
      expect((await send('GET /consumers', { by: nobody })).status).toBe(403)
    })

    it('serves no request that is not signed, and takes no token instead', async () => {
      expect((await send('GET /consumers')).status).toBe(403)
      const headers = { authorization: `Bearer ${world.credential}` }
      expect((await fetch(`${machines}/consumers`, { headers })).status).toBe(403)
    })

    it('approves nothing', async () => {
      const approval = await send('POST /tokens/tok_0/approval', { by: deployer, body: {} })
      expect(approval.status).toBe(403)
    })

    it('is closed to an account as soon as it is not named any more', async () => {
      const api = /execute-api\/(\w+)\//.exec(machines)?.[1]
      const { policy } = await world.wire.rest('apigateway', `GET /restapis/${api}`)
      const set = (value: unknown) =>
        world.wire.rest('apigateway', `PATCH /restapis/${api}`, {
          patchOperations: [{ op: 'replace', path: '/policy', value }],
        })
      const text = String(policy).replaceAll('\\"', '"')
      await set(text.replaceAll(ACCOUNT, '222222222222'))
      expect((await send('GET /consumers', { by: deployer })).status).toBe(403)
      await set(text)
      expect((await send('GET /consumers', { by: deployer })).status).toBe(200)
    })
  })
}
