import { describe, expect, it } from 'vitest'
import { DecisionLog, type Denials, type LoggedDecision, type TokenUse } from './index.ts'

const NOON = Date.UTC(2026, 2, 1, 12)
const MINUTE = 60_000
let made = 0

const line = (over: Partial<LoggedDecision> = {}): LoggedDecision => {
  made += 1
  const decisionId = `dec_${String(made).padStart(32, '0')}` as const
  const who = { credential: 'token', tokenId: 'tok_a', consumerId: 'con_a', kid: 'key_a' } as const
  const what = { outcome: 'deny', reason: 'route_not_granted', gateway: 'abc/live' } as const
  return { message: 'decision', decisionId, at: new Date(NOON), ...who, ...what, ...over }
}

/** The ledger, as far as counting needs it. */
const ledger = () => {
  const states = new Map<string, Denials>()
  const counts: { readonly holder: string; readonly count: number; readonly capped: boolean }[] = []
  const deliver = (lines: readonly LoggedDecision[]) => {
    for (const tally of DecisionLog.talliesOf(lines)) {
      const { facts, state } = DecisionLog.count(states.get(tally.denialId), tally, new Date(NOON))
      states.set(tally.denialId, state)
      counts.push(...facts.map(({ data }) => data))
    }
  }
  return { deliver, counts, states, total: () => counts.reduce((sum, { count }) => sum + count, 0) }
}

describe('refusals', () => {
  it('are told by minute, with the first and the last instant and the templates asked for', () => {
    const route = { method: 'GET', route: '/x/{id}' }
    const [first, second, ...more] = DecisionLog.talliesOf([
      line({ at: new Date(NOON + MINUTE - 1), ...route }),
      line({ at: new Date(NOON + MINUTE) }),
      line({ at: new Date(NOON + 5), ...route }),
    ]).map((tally) => DecisionLog.count(undefined, tally, new Date(NOON)).facts[0]?.data)
    expect(more).toEqual([])
    expect(first).toMatchObject({
      ...{ holder: 'tok_a', count: 2, windowStart: '2026-03-01T12:00:00.000Z', routes: ['GET /x/{id}'] },
      ...{ firstAt: '2026-03-01T12:00:00.005Z', lastAt: '2026-03-01T12:00:59.999Z', capped: false },
    })
    expect(second).toMatchObject({ count: 1, windowStart: '2026-03-01T12:01:00.000Z', routes: [] })
  })

  it('are told with who was refused, where, and the signing key, and with nothing that was allowed', () => {
    const place = { apiId: 'api_a', environment: 'staging' } as const
    const [tally, ...others] = DecisionLog.talliesOf([
      line({ outcome: 'allow', ...place }),
      line(place),
      line({ outcome: 'allow', tokenId: 'tok_b' }),
    ])
    expect(others).toEqual([])
    expect(tally && DecisionLog.count(undefined, tally, new Date(NOON)).facts).toEqual([
      {
        type: 'access.denied',
        data: {
          denialId: expect.stringMatching(/^den_[0-9a-f]{32}$/),
          ...{ holder: 'tok_a', credential: 'token', consumerId: 'con_a', kid: 'key_a', ...place },
          ...{ reason: 'route_not_granted', gateway: 'abc/live', routes: [], count: 1, capped: false },
          ...{ windowStart: '2026-03-01T12:00:00.000Z', firstAt: '2026-03-01T12:00:00.000Z' },
          lastAt: '2026-03-01T12:00:00.000Z',
        },
      },
    ])
  })

  it('of a session are the session’s, and without a reason they are of an unknown one', () => {
    const told = ledger()
    told.deliver([line({ credential: 'session', sessionId: 'ses_a', reason: undefined })])
    expect(told.counts).toEqual([expect.objectContaining({ holder: 'ses_a', reason: 'unknown' })])
  })

  it('name ten templates at most, each once, in the order of the alphabet, and none of which half is missing', () => {
    const asked = ['m', 'c', 'x', 'a', 'k', 'b', 'j', 'd', 'i', 'e', 'h', 'f', 'a']
    const told = ledger()
    told.deliver([
      ...asked.map((name, index) => line({ at: new Date(NOON + index), method: 'GET', route: `/${name}` })),
      line({ method: 'GET' }),
      line({ route: '/a' }),
    ])
    expect(told.counts[0]).toMatchObject({
      routes: ['a', 'b', 'c', 'd', 'e', 'f', 'h', 'i', 'j', 'k'].map((name) => `GET /${name}`),
      ...{ firstAt: '2026-03-01T12:00:00.000Z', lastAt: '2026-03-01T12:00:00.012Z' },
    })
  })

  it('that come late, or from a clock that was set back, are added to their own minute', () => {
    const told = ledger()
    told.deliver([line({ at: new Date(NOON + MINUTE) })])
    told.deliver([line(), line({ at: new Date(NOON - 90 * MINUTE) })])
    told.deliver([line()])
    expect(told.counts.map(({ count }) => count)).toEqual([1, 1, 1, 1])
    expect(told.states.size).toBe(3)
  })

  it('that are delivered again, alone or among others, are not counted again', () => {
    const told = ledger()
    const lines = [line(), line(), line()]
    told.deliver(lines)
    told.deliver(lines)
    told.deliver([...lines.slice(1), line()])
    expect(told.counts.map(({ count }) => count)).toEqual([3, 1])
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'add up to those there were, however they are delivered (seed %i)',
    (seed) => {
      let state = seed * 7_919
      const below = (limit: number) => {
        state = (state * 48_271) % 2_147_483_647
        return state % limit
      }
      const lines = Array.from({ length: 60 }, () =>
        line({
          at: new Date(NOON + below(30) * MINUTE),
          tokenId: `tok_${below(5)}`,
          gateway: `g${below(2)}/live`,
        }),
      )
      const told = ledger()
      const pending = [...lines, ...lines.filter(() => below(3) === 0)]
      while (pending.length > 0) {
        const size = Math.min(pending.length, 1 + below(9))
        const delivery = Array.from({ length: size }, () => pending.splice(below(pending.length), 1)).flat()
        told.deliver(delivery)
        if (below(2) === 0) told.deliver(delivery.toReversed())
      }
      expect(told.counts.some(({ capped }) => capped)).toBe(false)
      expect(told.total()).toBe(lines.length)
    },
  )

  it('of nobody who is known are one holder for a gateway and a reason, whatever names the line bears', () => {
    const unverified = { credential: undefined, kid: 'key_made_up' }
    const lines = Array.from({ length: 500 }, (_, index) => line({ ...unverified, tokenId: `tok_${index}` }))
    const told = ledger()
    told.deliver(lines)
    expect(told.counts).toEqual([expect.objectContaining({ holder: 'anonymous', count: 500 })])
    expect(JSON.stringify(told.counts)).not.toMatch(/tok_|key_made_up/)
  })

  it('of a consumer that signs its own tokens are the consumer’s: it may make up as many ids as it likes', () => {
    const told = ledger()
    for (const tokenId of ['one', 'two', 'tok_a'])
      told.deliver([line({ credential: 'consumer-signed', tokenId })])
    expect(told.states.size).toBe(1)
    expect(told.counts[0]).toMatchObject({ holder: 'con_a' })
    expect(JSON.stringify(told.counts)).not.toMatch(/"one"|"two"|tok_a/)
  })

  it('are bounded in a minute, in events and in decisions, and the last event says so', () => {
    const trickle = ledger()
    for (let delivery = 0; delivery < 100; delivery++) trickle.deliver([line()])
    expect(trickle.counts).toHaveLength(DecisionLog.MOST_REPORTS)
    expect(trickle.counts.map(({ capped }) => capped)).toEqual([...Array(11).fill(false), true])
    const flood = ledger()
    flood.deliver(Array.from({ length: DecisionLog.MOST_COUNTED + 500 }, () => line()))
    flood.deliver([line()])
    expect(flood.counts).toEqual([expect.objectContaining({ count: DecisionLog.MOST_COUNTED, capped: true })])
    for (const { counted } of flood.states.values())
      for (const digest of counted) expect(digest).toMatch(/^[\w-]{12}$/)
  })
})

describe('uses', () => {
  const allowed = (over: Partial<LoggedDecision> = {}) =>
    line({ outcome: 'allow', reason: undefined, ...over })
  const news = (known: TokenUse | undefined, lines: readonly LoggedDecision[]) =>
    DecisionLog.usesOf(lines).filter((use) => DecisionLog.isNews(known, use))

  it('are told once per token and hour, the latest of a delivery', () => {
    const [use] = news(undefined, [allowed(), allowed({ at: new Date(NOON + 7) }), allowed()])
    expect(use).toEqual({
      type: 'token.used',
      data: { tokenId: 'tok_a', consumerId: 'con_a', usedAt: '2026-03-01T12:00:00.007Z' },
    })
    expect(DecisionLog.useIdOf('tok_00ff')).toBe('use_00ff')
    const known = use && DecisionLog.evolveUse(undefined, use, '2026-03-01T12:01:00.000Z')
    expect(news(known, [allowed({ at: new Date(NOON + 59 * MINUTE) })])).toEqual([])
    expect(news(known, [allowed({ at: new Date(NOON - 60 * MINUTE) })])).toEqual([])
    expect(news(known, [allowed({ at: new Date(NOON + 60 * MINUTE) })])).toHaveLength(1)
  })

  it('are none where the request was refused, and none of a token that its consumer named like one of ours', () => {
    expect(DecisionLog.usesOf([line(), allowed({ credential: 'consumer-signed' })])).toEqual([])
    expect(DecisionLog.usesOf([allowed({ credential: 'session', sessionId: 'ses_a' })])).toEqual([])
    expect(DecisionLog.usesOf([allowed({ tokenId: 'one' }), allowed({ consumerId: undefined })])).toEqual([])
  })

  it('keep the time at which they were first told', () => {
    const uses = DecisionLog.usesOf([allowed()])
    const state = uses.reduce<TokenUse | undefined>(
      (known, use) => DecisionLog.evolveUse(known, use, 'now'),
      { tokenId: 'tok_a', lastUsedAt: 'x', recordedAt: 'then' },
    )
    expect(state?.recordedAt).toBe('then')
  })
})

describe('a line of the log', () => {
  const { at: _, ...good } = line()
  const read = (value: unknown) =>
    DecisionLog.readDecision(typeof value === 'string' ? value : JSON.stringify(value), NOON)

  it('is read with what is known of it; a member of a later version is passed over', () => {
    expect(read({ ...good, time: 'now', level: 'info', later: 1 })).toEqual({
      ok: true,
      value: { ...good, at: new Date(NOON) },
    })
  })

  it.each([
    ['START RequestId: 1 Version: $LATEST'],
    ['{"message":"decision"'],
    ['null'],
    [{ ...good, message: 'another' }],
    [{ ...good, outcome: 'error' }],
    [`${JSON.stringify(good)}${' '.repeat(10_000)}`],
  ])('that is no decision, or far too long, is passed over: %j', (text) => {
    expect(read(text)).toEqual({ ok: false, error: 'no_decision' })
  })

  it.each([
    { ...good, reason: 'person@example.org' },
    { ...good, consumerId: 'x' },
    { ...good, decisionId: 7 },
    { ...good, gateway: '../..' },
    { ...good, outcome: 'maybe' },
  ])('that says it is one and is of another form is not counted: %j', (value) => {
    expect(read(value)).toEqual({ ok: false, error: 'unreadable' })
  })

  it('may be 8,192 characters long, and no longer', () => {
    const longest = JSON.stringify(good).padEnd(8_192)
    expect(read(longest)).toMatchObject({ ok: true })
    expect(read(`${longest} `)).toEqual({ ok: false, error: 'no_decision' })
  })

  it.each([Number.NaN, -1, Date.UTC(10_000, 0), 1e300])('has an instant that there is: %s', (at) => {
    expect(DecisionLog.readDecision(JSON.stringify(good), at)).toEqual({ ok: false, error: 'no_decision' })
  })

  it.each([0, Date.UTC(10_000, 0) - 1])('may be written at %i', (at) => {
    expect(DecisionLog.readDecision(JSON.stringify(good), at)).toMatchObject({ ok: true })
  })
})
