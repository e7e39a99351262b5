import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { done, startWorld } from '../support/world.ts'
import { givenApi, givenConsumer, givenToken } from './given.ts'
import { delivered } from './road.ts'
import type { FromAuthorizer, ToAuthorizer } from './warm-authorizer.ts'

const AUTHORIZERS = 3
const REVOCATIONS = 5
const ARN = 'arn:aws:execute-api:eu-west-2:111111111111:abc/v1/GET/things'

const heard = (child: ChildProcess, says: FromAuthorizer['says']): Promise<FromAuthorizer> =>
  new Promise((resolve, reject) => {
    const gone = (code: number | null) => reject(new Error(`an authorizer ended with ${code}`))
    child.once('exit', gone)
    const listen = (message: FromAuthorizer) => {
      if (message.says !== says) return
      child.off('message', listen)
      child.off('exit', gone)
      resolve(message)
    }
    child.on('message', listen)
  })

const each = (children: readonly ChildProcess[], message: ToAuthorizer, says: FromAuthorizer['says']) =>
  Promise.all(
    children.map((child) => {
      const answer = heard(child, says)
      child.send(message)
      return answer
    }),
  )

describe('revocations, with warm authorizers in processes of their own on one store', async () => {
  const data = mkdtempSync(join(tmpdir(), 'countersign-'))
  const world = await startWorld({ data })
  const consumer = await givenConsumer(world.client)
  await givenApi(world.client)
  const children: ChildProcess[] = []
  afterAll(async () => {
    for (const child of children) child.disconnect()
    await world.stop()
    rmSync(data, { recursive: true, force: true })
  })

  const warmed = async (ttlSeconds: number): Promise<readonly ChildProcess[]> => {
    const program = join(import.meta.dirname, 'warm-authorizer.ts')
    const file = join(data, 'countersign.sqlite')
    const begun = Array.from({ length: AUTHORIZERS }, () =>
      fork(program, [file, ARN, String(ttlSeconds)], { execArgv: [], env: { PATH: process.env.PATH ?? '' } }),
    )
    children.push(...begun)
    await Promise.all(begun.map((child) => heard(child, 'loaded')))
    return begun
  }

  const accepted = (counts: readonly FromAuthorizer[]) =>
    counts.reduce((sum, count) => sum + count.accepted, 0)

  it('leave nothing that is accepted after the answer, without a cache', async () => {
    const authorizers = await warmed(0)
    for (let count = 0; count < REVOCATIONS; count++) {
      const { id, presented } = await givenToken(world.client, consumer)
      await delivered(world.platform)
      await each(authorizers, { do: 'ask', token: presented }, 'warm')
      done(await world.client.tokens.revoke(id, { reason: 'compromised' }))
      const after = await each(authorizers, { do: 'report', ahead: 0 }, 'counted')
      expect(after.map(({ asked }) => asked)).toEqual(authorizers.map(() => 50))
      expect(accepted(after)).toBe(0)
    }
  })

  it('leave nothing that is accepted five seconds after the answer, with a cache of five seconds', async () => {
    const authorizers = await warmed(5)
    let kept = 0
    // A machine that stands still for five seconds has emptied the caches before it says so; then once more.
    for (let count = 0; count < REVOCATIONS || kept === 0; count++) {
      const { id, presented } = await givenToken(world.client, consumer)
      await delivered(world.platform)
      await each(authorizers, { do: 'ask', token: presented }, 'warm')
      done(await world.client.tokens.revoke(id, { reason: 'compromised' }))
      kept += accepted(await each(authorizers, { do: 'report', ahead: 0 }, 'counted'))
      const after = await each(authorizers, { do: 'report', ahead: 5_000 }, 'counted')
      await each(authorizers, { do: 'report', ahead: -5_000 }, 'counted')
      expect(after.map(({ asked }) => asked)).toEqual(authorizers.map(() => 50))
      expect(accepted(after)).toBe(0)
    }
    expect(kept, 'the caches held what they were given').toBeGreaterThan(0)
  })
})
