import { describe, expect, it } from 'vitest'
import { type Consumer, evolve, labelsOf, register, resume, suspend } from './consumer.ts'

const cause = { actor: 'ann', correlationId: 'c', now: new Date('2026-01-01T00:00:00.000Z') }
const TIME = cause.now.toISOString()
const happened = (consumer: Consumer | undefined, facts: ReturnType<typeof register>) =>
  facts.reduce((state, one) => evolve(state, one, TIME), consumer as Consumer)

const active = happened(undefined, register('con_1', { name: 'Housing', type: 'service', owner: 'Team' }))
const suspended = happened(active, suspend(active, 'leaked', cause))

describe('a consumer', () => {
  it('is active once registered', () => {
    expect(active).toEqual({
      id: 'con_1',
      name: 'Housing',
      type: 'service',
      owner: 'Team',
      status: 'active',
      registeredAt: TIME,
    })
    expect(labelsOf(suspended)).toEqual(['status=suspended', 'type=service'])
  })

  it('is suspended and resumed, each once', () => {
    expect(suspended.status).toBe('suspended')
    expect(suspend(suspended, undefined, cause)).toEqual([])
    expect(resume(active, cause)).toEqual([])
    expect(happened(suspended, resume(suspended, cause))).toEqual(active)
    expect(resume(suspended, cause)).toEqual([
      { type: 'consumer.resumed', data: { consumerId: 'con_1', resumedAt: TIME } },
    ])
  })

  it('cannot begin with anything but its registration', () => {
    expect(() => happened(undefined, suspend(active, undefined, cause))).toThrow(
      'begins with consumer.suspended',
    )
  })
})
