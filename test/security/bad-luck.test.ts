import { fetchAccessRows } from '@countersign/aws/authorizer'
import { Redacted, type Row } from '@countersign/core/shared'
import { type AuthorizerServices, make } from '@countersign/functions/authorizer/authorize'
import type { LogLine } from '@countersign/functions/runtime/services'
import { evaluatePolicy } from '@countersign/local'
import { afterAll, describe, expect, it } from 'vitest'
import { issue, tenancies } from '../acceptance/given.ts'
import { asking } from '../acceptance/one-machine.ts'
import { done } from '../support/world.ts'

const ARN = 'arn:aws:execute-api:eu-west-2:111111111111:abc123/staging/GET/api/v1/tenancies/7'
const MINUTE = 60_000

/** Each misfortune: what the caller gets, and the line of the decision log that is counted. */
describe('bad luck', async () => {
  const world = await tenancies()
  afterAll(() => world.stop())
  const { services } = world.platform
  const event = asking(ARN, { Authorization: `Bearer ${world.token.secret}` })
  const weather = () => Promise.reject(new Error('the store cannot be reached'))

  /** Status and counted line of the last of so many requests. */
  const outcomeOf = async (changed: Partial<AuthorizerServices>, times = 1) => {
    const lines: LogLine[] = []
    const authorize = make({ ...services, ...changed, log: (line) => void lines.push(line) })
    let status = 0
    for (let count = 0; count < times; count++) status = await statusOf(authorize)
    return [status, lines.at(-1)?.outcome, lines.at(-1)?.reason, lines.length === times]
  }

  const statusOf = async (authorize: ReturnType<typeof make>): Promise<number> => {
    try {
      const { policyDocument } = await authorize(event)
      return evaluatePolicy(policyDocument, ARN) === 'allow' ? 200 : 403
    } catch (error) {
      return error instanceof Error && error.message === 'Unauthorized' ? 401 : 500
    }
  }

  /** The rows as they are, but one. */
  const withRow = (prefix: string, change: (row: Row) => unknown): Partial<AuthorizerServices> => ({
    accessRows: {
      read: async (keys) => {
        const rows = new Map(await services.accessRows.read(keys))
        for (const [key, row] of rows) if (key.startsWith(prefix)) rows.set(key, change(row) as Row)
        return rows
      },
    },
  })

  it('no misfortune: 200', async () => {
    expect(await outcomeOf({})).toEqual([200, 'allow', undefined, true])
  })

  it('the read model down, the key ring known and not: 500', async () => {
    const down = { accessRows: { read: weather } }
    expect(await outcomeOf(down)).toEqual([500, 'error', 'read_model_unavailable', true])
    expect(await outcomeOf(down, 3)).toEqual([500, 'error', 'read_model_unavailable', true])
  })

  it('the key ring unreadable: 500', async () => {
    const unreadable = { ...(await services.keyRing.current()), versionId: '1' }
    for (const current of [
      weather,
      async () => undefined,
      async () => ({ ...unreadable, text: new Redacted('{"version":2,"keys":[]}') }),
      async () => ({ ...unreadable, text: new Redacted('half of a ri') }),
    ])
      expect(await outcomeOf({ keyRing: { current } })).toEqual([500, 'error', 'key_ring_unavailable', true])
  })

  it('a key ring without the kid: 401', async () => {
    const text = new Redacted('{"version":1,"keys":[]}')
    const keyRing = { current: async () => ({ versionId: '1', text }) }
    expect(await outcomeOf({ keyRing }, 3)).toEqual([401, 'deny', 'kid_unknown', true])
  })

  it('a clock ten minutes behind: 401 for what was issued since, and for nothing else', async () => {
    const behind = { clock: () => new Date(Date.now() - 10 * MINUTE) }
    expect(await outcomeOf(behind)).toEqual([401, 'deny', 'token_not_yet_valid', true])
  })

  it('a clock ten minutes ahead: 200 until the token ends by that clock, 401 from then on', async () => {
    const ahead = { clock: () => new Date(Date.now() + 10 * MINUTE) }
    expect(await outcomeOf(ahead)).toEqual([200, 'allow', undefined, true])
    const end = Date.parse(done(await world.client.tokens.show(world.token.id)).expiresAt ?? '')
    expect(await outcomeOf({ clock: () => new Date(end) })).toEqual([401, 'deny', 'token_expired', true])
  })

  it.each([
    ['a token row with nothing in it', 'token#', () => ({ registers: {} }), 401, 'deny', 'token_unknown'],
    [
      'a token row whose grant is empty',
      'token#',
      () => ({ registers: { grant: { rank: 1, value: null } } }),
      401,
      'deny',
      'token_unknown',
    ],
    [
      'a deployment row with nothing in it',
      'deployment#',
      () => ({ registers: {} }),
      403,
      'deny',
      'deployment_unknown',
    ],
    ['a fence row with nothing in it', 'fence#', () => ({ registers: {} }), 200, 'allow', undefined],
    ['a token row without registers', 'token#', () => ({}), 500, 'error', 'defect'],
    [
      'a deployment row without routes',
      'deployment#',
      (row: Row) => ({
        registers: {
          binding: { rank: 1, value: { ...(row.registers.binding?.value as object), routes: undefined } },
        },
      }),
      500,
      'error',
      'defect',
    ],
    [
      'a grant of an older version, without its list',
      'token#',
      (row: Row) => ({
        registers: {
          grant: { rank: 1, value: { ...(row.registers.grant?.value as object), grants: undefined } },
        },
      }),
      500,
      'error',
      'defect',
    ],
    [
      'a grant of an older version, without its kid',
      'token#',
      (row: Row) => ({
        registers: {
          grant: { rank: 1, value: { ...(row.registers.grant?.value as object), kid: undefined } },
        },
      }),
      401,
      'deny',
      'token_mismatch',
    ],
  ] as const)('%s (%s…)', async (_, prefix, change, status, outcome, reason) => {
    expect(await outcomeOf(withRow(prefix, change))).toEqual([status, outcome, reason, true])
  })

  it('a row older than the revocation that was acknowledged is never read: the refusal stands in it at once', async () => {
    const { id } = await issue(world)
    done(await world.client.tokens.revoke(id, { reason: 'compromised' }))
    const rows = await services.accessRows.read([`token#${id}`])
    expect(rows.get(`token#${id}`)?.registers.refusal?.value).toMatchObject({ why: 'revoked' })
  })

  it('a table that never answers: asked twice, given up within the time limit, 500', async () => {
    let asked = 0
    const accessRows = fetchAccessRows({
      region: 'eu-west-2',
      table: 'Access',
      credentials: () => ({ accessKeyId: 'AKID', secretAccessKey: new Redacted('none') }),
      fetch: (_, { signal }) => {
        asked += 1
        return new Promise((__, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      },
    })
    expect(await outcomeOf({ accessRows })).toEqual([500, 'error', 'read_model_unavailable', true])
    expect(asked).toBe(2)
  })
})
