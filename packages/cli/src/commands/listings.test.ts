import { standIn } from '@countersign/client/testing'
import { describe, expect, it } from 'vitest'
import { API, CONSUMER, EVENT } from '../testing/bodies.ts'
import { type } from '../testing/typed.ts'

const KEY = {
  kid: 'key_1',
  algorithm: 'HS512',
  state: 'signing',
  createdAt: '2026-02-27T12:00:00Z',
  signsFrom: '2026-02-28T12:00:00Z',
  verifiesUntil: null,
}

const page = (...items: readonly unknown[]) => ({ items, nextCursor: null })

/** What a person sees, line by line, and what was asked. */
const see = async (line: string, body: unknown) => {
  await using platform = await standIn(() => ({ body }))
  const { code, out, error } = await type(platform.url, line.split(' '))
  const [{ method = '', path = '', body: sent = '' } = {}] = platform.received
  return {
    code,
    error,
    lines: out.split('\n').slice(0, -1),
    asked: `${method} ${path}`,
    sent: sent && JSON.parse(sent),
  }
}

describe('apis', () => {
  it('are listed with their environments', async () => {
    const { asked, lines } = await see('apis list', page(API))
    expect(asked).toBe('GET /apis')
    expect(lines).toEqual([
      'NAME  OWNER      ROUTES  ENVIRONMENTS  STATUS      REGISTERED',
      'pets  team-pets  2       staging       registered  24 hours ago',
    ])
  })

  it('are shown with every route and deployment, and within what time each refuses what was taken away', async () => {
    const { asked, lines } = await see('apis show pets', API)
    expect(lines).toContain('ENVIRONMENT  ACCOUNT       REGION     GATEWAY  STAGE  REFUSES WITHIN')
    expect(asked).toBe('GET /apis/pets')
    expect(lines).toContain('staging      111111111111  eu-west-2  abc123   v1     0 s')
    expect(lines).toContain('DELETE  /pets/{id}  iam')
  })

  it('are deregistered', async () => {
    const { asked, lines } = await see('apis deregister pets', { ...API, status: 'deregistered' })
    expect([asked, lines]).toEqual(['DELETE /apis/pets', ['Deregistered pets.']])
  })
})

describe('consumers', () => {
  it('are registered', async () => {
    const { asked, sent, lines } = await see(
      'consumers register --name billing --type service --owner team-money',
      CONSUMER,
    )
    expect(asked).toBe('POST /consumers')
    expect(sent).toEqual({ name: 'billing', type: 'service', owner: 'team-money' })
    expect(lines[0]).toBe('id          con_1')
  })

  it.each([
    ['consumers show con_1', 'GET /consumers/con_1', ''],
    ['consumers suspend con_1 --note odd', 'POST /consumers/con_1/suspension', { note: 'odd' }],
    ['consumers resume con_1', 'POST /consumers/con_1/resumption', {}],
  ])('%s', async (line, asked, sent) => {
    const seen = await see(line, { ...CONSUMER, status: 'suspended' })
    expect(seen).toMatchObject({ code: 0, asked, sent })
    expect(seen.lines).toContain('status      suspended')
  })

  it('are listed', async () => {
    const { lines } = await see('consumers list', page(CONSUMER))
    expect(lines[1]).toBe('con_1  billing  service  team-money  active  24 hours ago')
  })
})

describe('keys', () => {
  it('are listed with their state', async () => {
    const { asked, lines } = await see('keys list', { items: [KEY] })
    expect(asked).toBe('GET /signing-keys')
    expect(lines).toEqual([
      'KID    ALGORITHM  STATE',
      'key_1  HS512      signing',
      '',
      `${' '.repeat(55)}now`,
      `key_1  ${'.'.repeat(25)}${'#'.repeat(25)}|${'#'.repeat(13)}`,
      `       2 days ago${' '.repeat(43)}in 12 hours`,
      '',
      '. published  # signing  = verifying',
    ])
  })

  it('rotate, and say when the new one signs', async () => {
    const { asked, lines } = await see('keys rotate', { kid: 'key_2', signsFrom: '2026-03-01T12:02:00Z' })
    expect(asked).toBe('POST /signing-keys/rotation')
    expect(lines).toEqual(['new key     key_2', 'signs from  2026-03-01T12:02:00Z (in 2 minutes)'])
  })

  it('are compromised one by one', async () => {
    const body = { compromised: 'key_1', kid: 'key_2', signsFrom: '2026-03-01T12:00:00Z', reissue: [] }
    const { asked, sent, lines } = await see('keys compromise key_1 --because leaked', body)
    expect([asked, sent]).toEqual(['POST /signing-keys/key_1/compromise', { note: 'leaked' }])
    expect(lines[0]).toBe('refused from now on  key_1')
  })
})

describe('audit list', () => {
  it('says who did what because of what', async () => {
    const { asked, lines } = await see(
      'audit list --entity tok_1 --type token.revoked --limit 5',
      page(EVENT),
    )
    expect(asked).toBe('GET /audit/events?entity=tok_1&type=token.revoked&limit=5')
    expect(lines).toEqual([
      'TIME                                  TYPE           ENTITY  ACTOR  BECAUSE OF  EVENT',
      '2026-03-01T11:59:00Z  60 seconds ago  token.revoked  tok_1   con_9  evt_1       evt_2',
    ])
  })
})

describe('pipeline', () => {
  const dead = { eventId: 'evt_7', eventType: 'token.issued', receives: 5, lastError: 'no\nluck' }
  const queue = { name: 'ProjectAccess', waiting: 3, inFlight: 1, dead: 1, deadLetters: [dead] }

  it('shows queues and dead letters', async () => {
    const { asked, lines } = await see('pipeline', { unrelayed: 2, subscriptions: [queue] })
    expect(asked).toBe('GET /pipeline')
    expect(lines).toEqual([
      'Events not on the bus yet: 2',
      '',
      'SUBSCRIPTION   WAITING  IN FLIGHT  DEAD',
      'ProjectAccess  3        1          1',
      '',
      'Dead letters of ProjectAccess, oldest first; "countersign pipeline redrive ProjectAccess" tries again:',
      'EVENT  TYPE          RECEIVES  LAST ERROR',
      'evt_7  token.issued  5         no luck',
    ])
  })

  it('does not invent a number the store cannot count', async () => {
    const { lines } = await see('pipeline', { unrelayed: null, subscriptions: [] })
    expect(lines).toEqual(['Events not on the bus yet: not known', '', 'There are no subscriptions.'])
  })

  it('is redriven by subscription', async () => {
    const { asked, lines } = await see('pipeline redrive ProjectAccess', {
      subscription: 'ProjectAccess',
      redriven: 1,
    })
    expect(asked).toBe('POST /pipeline/ProjectAccess/redrive')
    expect(lines).toEqual(['1 dead letter of ProjectAccess put back.'])
  })
})

describe('a list with nothing in it', () => {
  it.each(['apis list', 'consumers list', 'tokens list', 'keys list', 'audit list'])(
    'is a sentence: %s',
    async (line) => {
      const { code, lines } = await see(line, page())
      expect(code).toBe(0)
      expect(lines).toEqual([expect.stringMatching(/^[A-Z][^|]+\.$/)])
    },
  )
})
