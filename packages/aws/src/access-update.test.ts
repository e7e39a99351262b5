import type { RegisterWrite, Row } from '@countersign/core/shared'
import { describe, expect, it } from 'vitest'
import { attributeOf, rowOf } from './access-item.ts'
import { rowUpdate } from './access-update.ts'

const write = (part: Partial<RegisterWrite> = {}): RegisterWrite => ({
  row: 'token#tok_1',
  register: 'refusal',
  rank: 2,
  value: { why: 'revoked' },
  by: 'command',
  ...part,
})

const update = (writes: readonly RegisterWrite[], present?: Row) =>
  rowUpdate('Access', 'token#tok_1', writes, present)

describe('the update of a row of the read model', () => {
  it('takes over a register only from a lower rank, and asks for the row when it may not', () => {
    expect(update([write()])).toEqual({
      TableName: 'Access',
      Key: { key: { S: 'token#tok_1' } },
      UpdateExpression: 'SET #r0 = :r0',
      ConditionExpression: '(attribute_not_exists(#r0) OR #r0.#rank < :k0)',
      ExpressionAttributeNames: { '#rank': 'rank', '#r0': 'r#refusal' },
      ExpressionAttributeValues: {
        ':r0': { M: { rank: { N: '2' }, value: { S: '{"why":"revoked"}' } } },
        ':k0': { N: '2' },
      },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
  })

  it('removes a register that is to go, only from a lower rank', () => {
    const gone = update([write({ value: null, forget: true }), write({ register: 'consumer#con_1' })])
    expect(gone?.UpdateExpression).toBe('SET #r1 = :r1 REMOVE #r0')
    expect(gone?.ConditionExpression).toContain('(attribute_not_exists(#r0) OR #r0.#rank < :k0)')
    expect(new Set(Object.keys(gone?.ExpressionAttributeValues ?? {}))).toEqual(
      new Set([':k0', ':k1', ':r1']),
    )
    expect(update([write({ value: null, forget: true })])?.UpdateExpression).toBe('REMOVE #r0')
  })

  it('merges all writes to one row, the highest rank of a register alone', () => {
    const merged = update([write({ rank: 3 }), write(), write({ register: 'consumer#con_1', rank: 9 })])
    expect(merged?.UpdateExpression).toBe('SET #r0 = :r0, #r1 = :r1')
    expect(merged?.ExpressionAttributeNames).toMatchObject({ '#r0': 'r#refusal', '#r1': 'r#consumer#con_1' })
    expect(merged?.ExpressionAttributeValues?.[':k0']).toEqual({ N: '3' })
  })

  it('leaves out registers that hold an equal or higher rank', () => {
    const present = { registers: { refusal: { rank: 2, value: null }, grant: { rank: 1, value: null } } }
    const rest = update([write(), write({ register: 'grant' })], present)
    expect(Object.values(rest?.ExpressionAttributeNames ?? {})).toEqual(['rank', 'r#grant'])
  })

  it('is nothing when every register is outranked and the sweep is as late', () => {
    const outranked = { registers: { refusal: { rank: 2, value: null } }, sweepAfter: 100 }
    expect(update([write()], outranked)).toBeUndefined()
    expect(update([write({ sweepAfter: 100 })], outranked)).toBeUndefined()
  })

  it('sets a later time of sweeping that an outranked write brought, and names nothing it does not use', () => {
    const outranked = { registers: { refusal: { rank: 2, value: null } }, sweepAfter: 100 }
    expect(update([write({ sweepAfter: 101 })], outranked)).toMatchObject({
      UpdateExpression: 'SET #sweepAfter = :sweepAfter',
      ConditionExpression: '(attribute_not_exists(#sweepAfter) OR #sweepAfter <= :sweepAfter)',
      ExpressionAttributeNames: { '#sweepAfter': 'sweepAfter' },
      ExpressionAttributeValues: { ':sweepAfter': { N: '101' } },
    })
  })

  it('sets the time of sweeping only when none or an earlier one is there', () => {
    const timed = update([write({ sweepAfter: 100 })], { registers: {}, sweepAfter: 90 })
    expect(timed?.UpdateExpression).toBe('SET #r0 = :r0, #sweepAfter = :sweepAfter')
    expect(timed?.ConditionExpression).toContain(
      ' AND (attribute_not_exists(#sweepAfter) OR #sweepAfter <= :sweepAfter)',
    )
  })

  it('keeps a later time of sweeping, as long as it is still the later one', () => {
    const timed = update([write({ sweepAfter: 100 })], { registers: {}, sweepAfter: 200 })
    expect(timed?.UpdateExpression).toBe('SET #r0 = :r0')
    expect(timed?.ConditionExpression).toContain(' AND #sweepAfter > :sweepAfter')
  })
})

describe('an item of the read model', () => {
  it('reads back as the row that was written, whatever a register is called', () => {
    const registers = { '__proto__#x': { rank: 1, value: [1.5, 'é', null] }, grant: { rank: 7, value: null } }
    const item = Object.fromEntries(
      Object.entries(registers).map(([name, { rank, value }]) => [
        attributeOf(name),
        { M: { rank: { N: `${rank}` }, value: { S: JSON.stringify(value) } } },
      ]),
    )
    expect(rowOf({ key: { S: 'fence#0' }, sweepAfter: { N: '5' }, ...item })).toEqual({
      registers,
      sweepAfter: 5,
    })
  })

  it('is refused when a register has no rank', () => {
    expect(() => rowOf({ 'r#grant': { M: { value: { S: '1' } } } })).toThrow('r#grant is not a register')
  })
})
