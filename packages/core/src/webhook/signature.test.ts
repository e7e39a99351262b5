import { Webhook as StandardWebhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { Redacted } from '../shared/redacted.ts'
import { isKnownPattern } from './filter.ts'
import { ATTEMPTS, delayAfter, LONGEST_DELAY_SECONDS, retryAfterIn } from './schedule.ts'
import { secretOf, signatureOf } from './signature.ts'

const root = new Redacted(Buffer.alloc(64, 7).toString('base64url'))
const now = Math.floor(Date.now() / 1_000)
const content = { id: 'evt_1', timestamp: now, body: '{"type":"token.revoked","note":"é ✓"}' }
const headersOf = (signature: string) => ({
  'webhook-id': content.id,
  'webhook-timestamp': String(content.timestamp),
  'webhook-signature': signature,
})
const [first, second] = [secretOf(root, 'whk_1', 1), secretOf(root, 'whk_1', 2)]

describe('the secret of a webhook', () => {
  it('is of the form and length that Standard Webhooks has', () => {
    expect(first.reveal()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(Buffer.from(first.reveal().slice('whsec_'.length), 'base64')).toHaveLength(32)
  })

  it('is another for another webhook, generation or root, and the same for the same', () => {
    const other = new Redacted(Buffer.alloc(64, 8).toString('base64url'))
    const secrets = [first, second, secretOf(root, 'whk_11', 1), secretOf(other, 'whk_1', 1)]
    expect(new Set(secrets.map((secret) => secret.reveal())).size).toBe(4)
    expect(secretOf(root, 'whk_1', 1).reveal()).toBe(first.reveal())
    expect(`${first} ${JSON.stringify(first)}`).toBe('[redacted] "[redacted]"')
  })
})

describe('a signature', () => {
  it('is the published example, to the byte', () => {
    const secret = new Redacted('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
    const example = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: 1_614_265_330,
      body: '{"test": 2432232314}',
    }
    expect(signatureOf([secret], example)).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  it('is accepted by the published library, and only by whom it is meant for', () => {
    const signature = signatureOf([first], content)
    const verify = (secret: Redacted<string>, body = content.body) =>
      new StandardWebhook(secret.reveal()).verify(body, headersOf(signature))
    expect(verify(first)).toEqual(JSON.parse(content.body))
    expect(() => verify(second)).toThrow('No matching signature')
    expect(() => verify(first, `${content.body} `)).toThrow('No matching signature')
  })

  it('is that of the published library', () => {
    const judge = new StandardWebhook(first.reveal())
    expect(signatureOf([first], content)).toBe(judge.sign(content.id, new Date(now * 1_000), content.body))
  })

  it('is accepted under either secret while both sign', () => {
    const both = signatureOf([second, first], content)
    expect(both.split(' ')).toHaveLength(2)
    for (const secret of [first, second])
      expect(new StandardWebhook(secret.reveal()).verify(content.body, headersOf(both))).toEqual(
        JSON.parse(content.body),
      )
  })
})

describe('the attempts of a delivery', () => {
  const ceilings = Array.from({ length: ATTEMPTS - 1 }, (_, index) => delayAfter(index + 1, 1))

  it('come ever later, over hours, and never later than SQS can hide a message', () => {
    expect(ceilings).toEqual([5, 25, 125, 625, 3_125, 15_625, 36_000, 36_000])
    expect(LONGEST_DELAY_SECONDS).toBeLessThan(43_200)
    expect(ceilings.reduce((sum, seconds) => sum + seconds, 0)).toBeLessThan(4 * 86_400)
  })

  it('come at any time up to that one', () => {
    expect([delayAfter(5, 0), delayAfter(5, 0.5), delayAfter(5, 0.999_999)]).toEqual([0, 1_563, 3_125])
  })

  it('wait for as long as the receiver asks, and no longer than the longest', () => {
    expect(delayAfter(1, 0.5, 120)).toBe(120)
    expect(delayAfter(1, 1, 1)).toBe(5)
    expect(delayAfter(1, 0, 999_999_999)).toBe(LONGEST_DELAY_SECONDS)
  })

  it.each([
    ['120', 120],
    ['0', 0],
    ['Thu, 01 Jan 2026 00:02:00 GMT', 120],
    ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['2026-01-01', undefined],
    ['99999999999999999999', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('read Retry-After %j as %s', (header, seconds) => {
    expect(retryAfterIn(header, new Date(Date.UTC(2026, 0, 1)))).toBe(seconds)
  })
})

describe('a pattern of event types', () => {
  it.each([
    ['*', true],
    ['token.*', true],
    ['token.revoked', true],
    ['signing-key.*', true],
    ['token.stolen', false],
    ['tokens.*', false],
    ['token', false],
    ['api-hub.api-published', false],
    ['.*', false],
    ['**', false],
    ['', false],
  ])('%j is known: %s', (pattern, expected) => {
    expect(isKnownPattern(pattern)).toBe(expected)
  })
})
