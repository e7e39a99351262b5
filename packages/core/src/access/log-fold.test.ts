import { describe, expect, it } from 'vitest'
import type { EventOf, FactOf } from '../events/catalog.ts'
import { recordFacts } from '../events/envelope.ts'
import { foldOf } from './log-fold.ts'
import { rebuild } from './projection.ts'
import {
  consumerUnit,
  deploymentUnit,
  fenceUnit,
  pathOfDeploymentRow,
  sessionUnit,
  strangeUnit,
  tokenUnit,
} from './unit.ts'

const TIME = '2026-01-01T00:00:00.000Z'
const EXPIRES = '2026-02-01T00:00:00.000Z'
const SWEPT = Date.parse(EXPIRES) / 1_000 + 86_400

let ids = 0
const log = (subject: string, facts: readonly FactOf[]) =>
  recordFacts(
    subject,
    { version: 0, head: '' },
    facts,
    { actor: 'somebody', correlationId: 'c', now: new Date(TIME) },
    () => `evt_${++ids}` as never,
  )

const its = { tokenId: 'tok_1' as const, expiresAt: EXPIRES }
const token = log('tok_1', [
  { type: 'token.disabled', data: { ...its, disabledAt: TIME } },
  { type: 'token.enabled', data: { ...its, enabledAt: TIME } },
  { type: 'token.revoked', data: { ...its, revokedAt: TIME, reason: 'requested' } },
])
const lockdown = log('lockdown', [
  { type: 'lockdown.begun', data: { spares: [], because: 'b', begunAt: TIME } },
  { type: 'lockdown.ended', data: { because: 'b', endedAt: TIME } },
])

const folded = (events: readonly EventOf[], isAsked = (_row: string, _register: string) => true) => {
  const fold = foldOf(isAsked)
  for (const event of events) fold.add(event)
  return fold
}

describe('the log, made into rows', () => {
  it('is what a rebuild makes of it, in whatever order it comes', () => {
    for (const events of [token, token.toReversed()]) {
      const row = folded(events).row('token#tok_1')
      const rebuilt = rebuild(events).get('token#tok_1')
      expect(row).toEqual({
        registers: new Map([['refusal', { ...rebuilt?.registers.refusal, gone: false }]]),
        sweepAfter: SWEPT,
      })
      expect(row?.registers.get('refusal')).toMatchObject({ rank: 3, value: { why: 'revoked' } })
    }
  })

  it('remembers the rank of what left its row', () => {
    const row = folded(lockdown).row('fence#0')
    expect(row).toEqual({
      registers: new Map([['lockdown', { rank: 2, value: null, gone: true }]]),
      sweepAfter: 0,
    })
  })

  it('keeps what was asked about alone', () => {
    const fold = folded(
      [...token, ...lockdown],
      (row, register) => row === 'fence#1' && register === 'lockdown',
    )
    expect([...fold.keys()]).toEqual(['fence#1'])
    expect(fold.row('token#tok_1')).toBeUndefined()
  })
})

describe('what is compared at once', () => {
  it('is a row and the entity that makes it', () => {
    expect(tokenUnit('tok_1')).toEqual({ rows: ['token#tok_1'], sources: ['tok_1'] })
    expect(sessionUnit('ses_1')).toEqual({ rows: ['session#ses_1'], sources: ['ses_1'] })
    expect(consumerUnit('con_1')).toEqual({ rows: ['consumer#con_1'], sources: ['con_1'] })
    expect(strangeUnit('other#1')).toEqual({ rows: ['other#1'], sources: [] })
  })

  it('is every copy of a deployment, and of the fence', () => {
    const copies = (row: string) => [0, 1, 2, 3].map((shard) => `${row}#${shard}`)
    expect(deploymentUnit('1/r/g/s', ['api_1', 'api_2'])).toEqual({
      ...{ rows: copies('deployment#1/r/g/s'), sources: ['api_1', 'api_2'] },
    })
    const isAsked = () => true
    expect(fenceUnit(isAsked, ['con_1'])).toEqual({ rows: copies('fence'), isAsked, sources: ['con_1'] })
  })

  it.each<[string, string | undefined]>([
    ['deployment#1/r/g/s#0', '1/r/g/s'],
    ['deployment#1/r/g/s#3', '1/r/g/s'],
    ['deployment#1/r/g/s#4', undefined],
    ['deployment#1/r/g/s#00', undefined],
    ['deployment#1/r/g/s', undefined],
    ['deployment##0', undefined],
    ['deployment#1#2#0', undefined],
    ['xdeployment#1/r/g/s#0', undefined],
    ['deployment#1/r/g/s#0x', undefined],
    ['token#tok_1', undefined],
  ])('knows where the deployment of the row %s lives: %s', (key, path) => {
    expect(pathOfDeploymentRow(key)).toBe(path)
  })
})
