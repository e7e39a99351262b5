import { make as deployApi } from '@countersign/functions/http/deploy-api'
import { make as deregisterApi } from '@countersign/functions/http/deregister-api'
import { make as registerApi } from '@countersign/functions/http/register-api'
import { make } from '@countersign/functions/subscribers/admit-accounts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { only } from '../support/only.ts'
import { example, TENANCIES } from './given.ts'
import { polled, proxied, standStill } from './one-machine.ts'

const HERE = 'eu-west-2-111111111111'
const THERE = 'eu-west-2-222222222222'

/** No hands: an account's API Gateways may call the authorizer as long as an API lives there. */
const register = () => {
  let machine = standStill(new Date('2026-03-01T12:00:00Z'))
  beforeEach(() => {
    machine = standStill(new Date('2026-03-01T12:00:00Z'))
  })
  afterEach(() => machine.close())

  const answered = async (answer: Promise<{ readonly statusCode: number; readonly body: string }>) => {
    const { statusCode, body } = await answer
    expect([statusCode, body]).toEqual([expect.toBeOneOf([200, 201]), expect.any(String)])
  }
  const publish = (name: string) =>
    answered(
      registerApi(machine.services)(
        proxied('PUT /apis/{name}', { name }, { owner: 'housing', openapi: example('tenancies') }),
      ),
    )
  const deploy = (name: string, accountId: string, gatewayId = name) =>
    answered(
      deployApi(machine.services)(
        proxied(
          'PUT /apis/{name}/deployments/{environment}',
          { name, environment: 'staging' },
          { ...TENANCIES, accountId, gatewayId },
        ),
      ),
    )
  const close = (name: string) =>
    answered(deregisterApi(machine.services)(proxied('DELETE /apis/{name}', { name })))
  /** Every event so far, as often and in the order that `order` makes of it. */
  const deliver = async (order: <T>(events: readonly T[]) => readonly T[] = (events) => events) => {
    const { items } = await machine.services.ledger.events({ limit: 100, after: undefined })
    const told = items.filter(({ type }) =>
      ['api.updated', 'api.deployed', 'api.deregistered'].includes(type),
    )
    const messages = order(told).map((event, id) => ({
      id,
      body: JSON.stringify({
        id: event.id,
        source: 'countersign',
        'detail-type': event.type,
        time: event.time,
        detail: event,
      }),
    }))
    expect(await make(machine.services)(polled(messages))).toEqual({ batchItemFailures: [] })
    return machine.admitted()
  }

  it('are those in which an API lives', async () => {
    await publish('housing')
    expect(await deliver()).toEqual([])
    await deploy('housing', '222222222222')
    expect(await deliver()).toEqual([THERE])
  })

  it('stay as long as one API is left', async () => {
    for (const name of ['housing', 'repairs']) {
      await publish(name)
      await deploy(name, '222222222222')
    }
    await close('housing')
    expect(await deliver()).toEqual([THERE])
    await close('repairs')
    expect(await deliver()).toEqual([])
  })

  it('change when an API moves to another one', async () => {
    await publish('housing')
    await deploy('housing', '222222222222')
    await deliver()
    await deploy('housing', '111111111111')
    expect(await deliver()).toEqual([HERE])
  })

  it.each([
    ['backwards', <T>(events: readonly T[]) => events.toReversed()],
    ['twice', <T>(events: readonly T[]) => [...events, ...events]],
    ['the first of them again at the end', <T>(events: readonly T[]) => [...events, ...events.slice(0, 2)]],
  ])('are the same when the events come %s', async (_, order) => {
    await publish('housing')
    await deploy('housing', '222222222222')
    await deploy('housing', '111111111111')
    await publish('repairs')
    await deploy('repairs', '222222222222')
    await close('repairs')
    expect(await deliver(order)).toEqual([HERE])
  })
}

only(
  'local',
  'a deployed list of callers is part of a function policy, which no client can read; test/contract holds it to the same',
  'the accounts that may call the authorizer',
  () => describe('the accounts that may call the authorizer', register),
)
