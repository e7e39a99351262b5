import { describe, expect, it } from 'vitest'
import { err, ok } from '../shared/result.ts'
import { type Attempt, hears, judge, type Outcome } from './standing.ts'
import { evolve, register, type Webhook } from './webhook.ts'

const START = Date.UTC(2026, 0, 1)
const causeAt = (seconds: number) => ({
  actor: 'webhooks',
  correlationId: 'c',
  now: new Date(START + seconds * 1_000),
})
const described = { id: 'whk_1', url: 'https://hooks.example.org/', events: ['*'] } as const
const [born] = register(described, `sha-256:${'x'.repeat(43)}`, causeAt(0))
if (!born) throw new Error('nothing was registered')
const registered = evolve(undefined, born, '')

const answered = (status: number): Outcome => ok({ status, retryAfterSeconds: undefined })
const event = { id: 'evt_1', type: 'token.revoked' } as const
const HOUR = 3_600
const DAY = 24 * HOUR

/** What is told of attempts, one after the other. */
const telling = () => {
  let webhook: Webhook = registered
  const told = (seconds: number, outcome: Outcome, attempt = 9) => {
    const tried: Attempt = { event, attempt, outcome }
    const facts = judge(webhook, tried, causeAt(seconds))
    webhook = facts.reduce(
      (before, fact) => evolve(before, fact, causeAt(seconds).now.toISOString()),
      webhook,
    )
    return facts.map(({ type }) => type.replace('webhook.', ''))
  }
  return { told, now: () => webhook }
}

describe('the standing of a webhook', () => {
  it('is nobody’s news while all gets through, nor for a hiccup', () => {
    const { told } = telling()
    expect(told(0, answered(204), 1)).toEqual([])
    expect([1, 2, 3].flatMap((attempt) => told(attempt, answered(500), attempt))).toEqual([])
    expect(told(4, answered(200), 4)).toEqual([])
  })

  it('is told once a delivery has failed for minutes, with what came of it, and then once an hour at most', () => {
    const { told, now } = telling()
    expect(told(600, answered(503), 4)).toEqual(['delivery-failed'])
    expect(now().failing).toEqual({
      since: causeAt(600).now.toISOString(),
      toldAt: causeAt(600).now.toISOString(),
    })
    expect(told(601, err('timed_out'))).toEqual([])
    expect(told(600 + HOUR - 1, err('timed_out'))).toEqual([])
    expect(told(600 + HOUR, err('timed_out'))).toEqual(['delivery-failed'])
    expect(now().failing?.since).toBe(causeAt(600).now.toISOString())
  })

  it('says what a failure was, without a word of the receiver’s', () => {
    const tried = { event, attempt: 4, outcome: answered(503) }
    expect(judge(registered, tried, causeAt(1))).toEqual([
      {
        type: 'webhook.delivery-failed',
        data: {
          ...{ webhookId: 'whk_1', eventId: 'evt_1', eventType: 'token.revoked', attempt: 4 },
          ...{ failingSince: '2026-01-01T00:00:01.000Z', failedAt: '2026-01-01T00:00:01.000Z' },
          ...{ outcome: 'answered', status: 503 },
        },
      },
    ])
    const [timedOut] = judge(registered, { ...tried, outcome: err('timed_out') }, causeAt(1))
    expect(timedOut?.data).toMatchObject({ outcome: 'timed_out' })
  })

  it('is told when something gets through again, once', () => {
    const { told, now } = telling()
    told(0, answered(500))
    expect(told(60, answered(200), 1)).toEqual(['delivery-recovered'])
    expect(now().failing).toBeUndefined()
    expect(told(61, answered(200), 1)).toEqual([])
  })

  it('ends after five days in which nothing got through', () => {
    const { told, now } = telling()
    told(0, answered(500))
    expect(told(5 * DAY - 1, answered(500), 1)).toEqual([])
    expect(told(5 * DAY, answered(500), 1)).toEqual(['disabled'])
    expect(now()).toMatchObject({ status: 'disabled', disabledBecause: 'failing' })
    expect(told(6 * DAY, answered(500))).toEqual([])
  })

  it('starts the five days anew when something got through in between', () => {
    const { told } = telling()
    told(0, answered(500))
    told(4 * DAY, answered(200))
    told(4 * DAY + 1, answered(500))
    expect(told(6 * DAY, answered(500), 1)).toEqual([])
  })

  it('ends at once when the receiver says that it is gone', () => {
    const { told, now } = telling()
    expect(told(0, answered(410), 1)).toEqual(['disabled'])
    expect(now().disabledBecause).toBe('gone')
  })

  it.each([100, 199, 301, 302, 307, 308, 400, 404, 429, 500, 503])('counts %d as a failure', (status) => {
    expect(telling().told(0, answered(status))).toEqual(['delivery-failed'])
  })
})

describe('an event', () => {
  const { status: _, ...rest } = registered
  const hearing = (events: readonly string[]): Webhook => ({ ...rest, status: 'enabled', events })
  const of = (type: 'token.revoked' | 'webhook.disabled', subject = 'tok_1') => ({ type, subject })

  it.each([
    [['*'], true],
    [['token.*'], true],
    [['token.revoked'], true],
    [['token.issued', 'token.revoked'], true],
    [['token.issued'], false],
    [['token'], false],
    [['token.'], false],
    [['*.revoked'], false],
    [['tok*'], false],
    [['.*'], false],
    [['consumer.*'], false],
  ])('token.revoked is heard by a webhook for %j: %s', (events, expected) => {
    expect(hears(hearing(events), of('token.revoked'))).toBe(expected)
  })

  it('is not heard by a disabled webhook, nor by the one it is about', () => {
    expect(hears({ ...rest, status: 'disabled' }, of('token.revoked'))).toBe(false)
    expect(hears(hearing(['*']), of('webhook.disabled', 'whk_1'))).toBe(false)
    expect(hears(hearing(['*']), of('webhook.disabled', 'whk_2'))).toBe(true)
  })
})
