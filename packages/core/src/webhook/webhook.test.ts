import { describe, expect, it } from 'vitest'
import {
  describe as describeWebhook,
  disable,
  enable,
  evolve,
  labelsOf,
  nextGeneration,
  register,
  rotateSecret,
  signingAt,
  test,
  type Webhook,
  type WebhookFact,
} from './webhook.ts'

const START = Date.UTC(2026, 0, 1)
const causeAt = (seconds: number) => ({
  actor: 'ann',
  correlationId: 'c',
  now: new Date(START + seconds * 1_000),
})
const apply = (webhook: Webhook | undefined, facts: readonly WebhookFact[], seconds: number): Webhook => {
  const time = causeAt(seconds).now.toISOString()
  const after = facts.reduce<Webhook | undefined>((before, fact) => evolve(before, fact, time), webhook)
  if (!after) throw new Error('there is no webhook')
  return after
}
const described = {
  id: 'whk_1',
  url: 'https://hooks.example.org/',
  events: ['token.*'],
  name: 'Security',
} as const
const registered = apply(undefined, register(described, 'first', causeAt(0)), 0)
const rotated = (webhook: Webhook, seconds: number, overlapSeconds: number, digest = 'next'): Webhook => {
  const facts = rotateSecret(webhook, { digest, overlapSeconds }, causeAt(seconds))
  if (!facts.ok) throw new Error(facts.error)
  return apply(webhook, facts.value, seconds)
}
const disabled = apply(registered, disable(registered, 'requested', 'moving', causeAt(5)), 5)
const digestsAt = (webhook: Webhook, seconds: number) =>
  signingAt(webhook, causeAt(seconds).now).map(({ digest }) => digest)

describe('a webhook', () => {
  it('is enabled from the start and has one secret', () => {
    expect(registered).toMatchObject({ ...described, status: 'enabled' })
    expect(labelsOf(registered)).toEqual(['status=enabled'])
    expect([digestsAt(registered, 0), nextGeneration(registered)]).toEqual([['first'], 2])
  })

  it('is signed for by two secrets after a rotation, the newer first, until the time of the older is over', () => {
    const webhook = rotated(registered, 10, 60)
    expect(digestsAt(webhook, 69.999)).toEqual(['next', 'first'])
    expect(digestsAt(webhook, 70)).toEqual(['next'])
  })

  it('is signed for by the new one alone after a rotation without overlap', () => {
    expect(digestsAt(rotated(registered, 10, 0), 10)).toEqual(['next'])
  })

  it('never has three secrets: another rotation ends the oldest at once', () => {
    expect(digestsAt(rotated(rotated(registered, 10, 600), 20, 600, 'third'), 20)).toEqual(['third', 'next'])
  })

  it('is disabled and enabled again, each once; why it was disabled is forgotten then', () => {
    expect(disabled).toMatchObject({ status: 'disabled', disabledBecause: 'requested' })
    expect(disable(disabled, 'gone', undefined, causeAt(6))).toEqual([])
    expect(rotateSecret(disabled, { digest: 'x', overlapSeconds: 0 }, causeAt(6))).toEqual({
      ok: false,
      error: 'webhook_disabled',
    })
    expect(apply(disabled, enable(disabled, causeAt(7)), 7)).toEqual(registered)
    expect(enable(registered, causeAt(7))).toEqual([])
  })

  it('is not changed by a test', () => {
    expect(apply(registered, test(registered, causeAt(1)), 1)).toEqual(registered)
  })

  it('does not begin with anything but its registration', () => {
    const [fact] = test(registered, causeAt(1))
    expect(() => evolve(undefined, fact as WebhookFact, '')).toThrow('begins with webhook.tested')
  })
})

describe('a webhook that is changed', () => {
  const elsewhere = { url: 'https://elsewhere.example.org/', events: ['*'] } as const
  const changed = (webhook: Webhook, wanted: Parameters<typeof describeWebhook>[1]) =>
    apply(webhook, describeWebhook(webhook, wanted, causeAt(20)), 20)

  it('is what was asked, whole, and keeps its secrets and whether it is enabled', () => {
    for (const before of [registered, rotated(registered, 10, 60), disabled]) {
      const { name: _, ...unnamed } = before
      expect(changed(before, elsewhere)).toEqual({
        ...unnamed,
        ...elsewhere,
        changedAt: causeAt(20).now.toISOString(),
      })
    }
  })

  it('has the name that was asked, or none', () => {
    expect(changed(registered, { ...elsewhere, name: 'Others' }).name).toBe('Others')
    expect(Object.keys(changed(registered, elsewhere))).not.toContain('name')
  })

  it('is no change when it is that already', () => {
    expect(describeWebhook(registered, described, causeAt(20))).toEqual([])
    for (const other of [
      { ...described, name: 'Others' },
      { url: described.url, events: described.events },
      { ...described, events: ['token.*', 'api.*'] },
      { ...described, url: elsewhere.url },
    ])
      expect(describeWebhook(registered, other, causeAt(20))).toHaveLength(1)
  })

  it('is no longer failing where it leads elsewhere, and still is where it does not', () => {
    const failing = { ...registered, failing: { since: '2026-01-01T00:00:00.000Z', toldAt: '' } }
    expect(changed(failing, { ...described, url: elsewhere.url }).failing).toBeUndefined()
    expect(changed(failing, { ...described, events: ['*'] }).failing).toEqual(failing.failing)
  })
})
