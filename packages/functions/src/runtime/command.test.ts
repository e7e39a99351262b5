import type { IdempotencyRecord, Ledger } from '@countersign/core/ledger'
import { err, ok } from '@countersign/core/shared'
import { describe, expect, it } from 'vitest'
import { command, repeatable } from './command.ts'

const asked = {
  cause: { actor: 'con_1', correlationId: 'request', now: new Date('2026-03-01T12:00:00Z') },
  idempotencyKey: 'key',
  fingerprint: 'f',
}
const LOST = err({ reason: 'version_conflict' } as const)

/** A command against a ledger where somebody else is faster `times` times. */
const racing = async (times: number) => {
  const waits: number[] = []
  let left = times
  let decisions = 0
  const ledger = {
    idempotency: async () => undefined,
    commit: async () => (left-- > 0 ? LOST : ok(undefined)),
  } as unknown as Ledger
  const pause = async (attempt: number) => void waits.push(attempt)
  const answer = await command({ ledger, pause }, asked, async () => {
    decisions += 1
    return ok({ changes: [], answer: { status: 201, body: { decisions } } })
  })
  return { answer, waits, decisions }
}

describe('a command', () => {
  it('waits for nothing when nobody was faster', async () => {
    expect(await racing(0)).toMatchObject({ answer: { ok: true }, waits: [], decisions: 1 })
  })

  it('is decided again after a wait that grows, as often as somebody else was faster', async () => {
    const { answer, waits, decisions } = await racing(3)
    expect([waits, decisions]).toEqual([[0, 1, 2], 4])
    expect(answer).toEqual(ok({ status: 201, body: { decisions: 4 } }))
  })

  it('gives up after ten decisions', async () => {
    expect(await racing(99)).toMatchObject({ answer: err({ reason: 'conflict' }), decisions: 10 })
  })
})

describe('work that can be repeated', () => {
  it('is answered alike to two at once with one key: as the faster one of them was', async () => {
    const records = new Map<string, IdempotencyRecord>()
    const ledger = {
      idempotency: async (key: string) => records.get(key),
      commit: async ({ idempotency }: { idempotency: IdempotencyRecord }) => {
        if (records.has(idempotency.key)) return err({ reason: 'idempotency_key_used' } as const)
        records.set(idempotency.key, idempotency)
        return ok(undefined)
      },
    } as unknown as Ledger
    const answer = (kid: string) => ok({ status: 202, body: { kid } })
    let faster: unknown
    const slower = await repeatable({ ledger }, asked, async () => {
      faster = await repeatable({ ledger }, asked, async () => answer('key_2'))
      return answer('key_1')
    })
    expect([faster, slower]).toEqual([answer('key_2'), answer('key_2')])
  })
})
