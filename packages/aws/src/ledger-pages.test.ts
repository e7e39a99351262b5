import { type AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { EventQuery, ListQuery } from '@countersign/core/ledger'
import { describe, expect, it } from 'vitest'
import { dynamoLedger } from './dynamo-ledger.ts'
import { type Call, messagesOf, type Reply, refusal, type Script, wire } from './wire.fixture.ts'

type Item = Record<string, AttributeValue>

const KEYS = { Listed: ['listed', 'listedAt'], Day: ['day', 'at'], table: ['pk', 'sk'] } as const

const textOf = (attribute: AttributeValue | undefined): string => attribute?.S ?? ''

/** As much of `Query` as the ledger uses: a partition, a range, a filter after the limit, pages. */
const queried =
  (stored: readonly Item[]) =>
  ({ body }: Call): Reply => {
    const { IndexName = 'table', ExpressionAttributeValues: values, ExpressionAttributeNames: names } = body
    const [hash, range] = KEYS[IndexName as keyof typeof KEYS]
    expect([names['#hash'], names['#range']]).toEqual([hash, range])
    expect(textOf(values[':low']) <= textOf(values[':high'])).toBe(true)
    const inRange = stored
      .filter((item) => textOf(item[hash]) === values[':hash'].S)
      .filter((item) => textOf(item[range]) >= values[':low'].S && textOf(item[range]) <= values[':high'].S)
      .sort((a, b) => (textOf(a[range]) < textOf(b[range]) ? -1 : 1))
    const start = body.ExclusiveStartKey?.at.N ?? 0
    const end = Number(start) + body.Limit
    const Items = inRange.slice(start, end).filter((item) => passes(item, body))
    return {
      body: { Items, ...(end < inRange.length && { LastEvaluatedKey: { at: { N: `${end}` } } }) },
    }
  }

const passes = (item: Item, { FilterExpression = '', ...body }: Call['body']): boolean =>
  (FilterExpression === '' ? [] : FilterExpression.split(' AND ')).every((clause: string) => {
    const [name = '', value = ''] = clause.match(/[#:]f\d+/g) ?? []
    const attribute = item[body.ExpressionAttributeNames[name]]
    const wanted = textOf(body.ExpressionAttributeValues[value])
    if (clause.startsWith('contains')) return attribute?.SS?.includes(wanted) ?? false
    if (attribute === undefined) return false
    const operator = clause.split(' ')[1]
    const text = textOf(attribute)
    return {
      '=': text === wanted,
      '>': text > wanted,
      '<': text < wanted,
      '>=': text >= wanted,
      '<=': text <= wanted,
    }[operator as '=']
  })

const NOW = new Date('2026-03-10T12:00:00Z')

const ledgerOver = (...replies: Script) => {
  const { calls, settings } = wire(...replies)
  const client = new DynamoDBClient(settings)
  const tables = { ledger: 'Ledger', access: () => 'Access' }
  return { calls, ledger: dynamoLedger({ tables, client, clock: () => NOW }) }
}

const token = (index: number, part: Item = {}): Item => ({
  pk: { S: `token#tok_${index}` },
  sk: { S: 'state' },
  id: { S: `tok_${index}` },
  state: { S: `{"n":${index}}` },
  version: { N: '1' },
  head: { S: 'h' },
  listed: { S: 'token' },
  listedAt: { S: `2026-01-0${index}T00:00:00.000Z#tok_${index}` },
  since: { S: `2026-01-0${index}` },
  labels: { SS: [index % 2 ? 'odd=yes' : 'odd=no', 'all=yes'] },
  expiresAt: { S: `2026-06-0${index}T00:00:00.000Z` },
  ...part,
})

const event = (instant: string, subject: string, version: number, part: Item = {}): Item => {
  const sk = `event#${String(version).padStart(12, '0')}`
  return {
    pk: { S: `token#${subject}` },
    sk: { S: sk },
    event: { S: JSON.stringify({ id: `${subject}/${version}` }) },
    type: { S: 'token.issued' },
    actor: { S: 'con_op' },
    day: { S: instant.slice(0, 10) },
    at: { S: `${instant}#${subject}#${sk}` },
    ...part,
  }
}

const list = (part: Partial<ListQuery> = {}): ListQuery => ({
  labels: [],
  limit: 10,
  after: undefined,
  ...part,
})
const query = (part: Partial<EventQuery> = {}): EventQuery => ({ limit: 10, after: undefined, ...part })

type Ledger = ReturnType<typeof ledgerOver>['ledger']

const allPages = async <T>(
  read: (after: string | undefined) => Promise<{ items: readonly T[]; next: string | undefined }>,
) => {
  const pages: (readonly T[])[] = []
  let after: string | undefined
  do {
    const page = await read(after)
    pages.push(page.items)
    after = page.next
  } while (after !== undefined && pages.length < 20)
  return pages
}

const idsOf = (events: readonly { readonly id: string }[]) => events.map(({ id }) => id)

describe('reading an entity', () => {
  it('is strongly consistent, by kind and id', async () => {
    const { calls, ledger } = ledgerOver({ body: { Item: token(1) } })
    expect(await ledger.load('token', 'tok_1')).toEqual({ state: { n: 1 }, version: 1, head: 'h' })
    expect(calls).toEqual([
      {
        operation: 'GetItem',
        body: {
          TableName: 'Ledger',
          Key: { pk: { S: 'token#tok_1' }, sk: { S: 'state' } },
          ConsistentRead: true,
        },
      },
    ])
  })

  it('gives version 0 to what never existed', async () => {
    const { ledger } = ledgerOver({ body: {} })
    expect(await ledger.load('token', 'tok_1')).toEqual({ state: undefined, version: 0, head: '' })
    expect(await ledger.claim('x')).toEqual({ name: 'x', owner: undefined, generation: 0 })
    expect(await ledger.idempotency('k')).toBeUndefined()
  })

  it('tells a claim that was released from one that was never taken', async () => {
    const { ledger } = ledgerOver({ body: { Item: { generation: { N: '4' } } } })
    expect(await ledger.claim('x')).toEqual({ name: 'x', owner: undefined, generation: 4 })
  })

  it('gives the kept answer of an idempotency key', async () => {
    const answer = { status: 201, body: { id: 'tok_1' } }
    const Item = { fingerprint: { S: 'f' }, answer: { S: JSON.stringify(answer) }, sweepAfter: { N: '9' } }
    const { ledger } = ledgerOver({ body: { Item } })
    expect(await ledger.idempotency('k')).toEqual({ key: 'k', fingerprint: 'f', answer, sweepAfter: 9 })
  })

  it('throws with its cause when the store cannot be reached', async () => {
    const { ledger } = ledgerOver(refusal('InternalServerError', {}, 500))
    expect(await ledger.load('token', 'tok_1').catch(messagesOf)).toMatch(
      /^reading the ledger failed: InternalServerError < InternalServerError/,
    )
  })
})

describe('listing entities', () => {
  const five = [3, 1, 5, 2, 4].map((index) => token(index))

  const pagesOf = async (ledger: Ledger, part: Partial<ListQuery>) => {
    const pages = await allPages((after) => ledger.list<{ n: number }>('token', list({ ...part, after })))
    return pages.map((page) => page.map(({ state }) => state.n))
  }

  it.each([
    [2, [[1, 2], [3, 4], [5]]],
    [5, [[1, 2, 3, 4, 5]]],
    [6, [[1, 2, 3, 4, 5]]],
  ])('goes by creation in pages of %i and never ends with an empty one', async (limit, pages) => {
    expect(await pagesOf(ledgerOver(queried(five)).ledger, { limit })).toEqual(pages)
  })

  it('filters by all labels at once, also where the last page is filtered away', async () => {
    const { ledger } = ledgerOver(queried(five))
    expect(await pagesOf(ledger, { labels: ['odd=no', 'all=yes'], limit: 1 })).toEqual([[2], [4]])
    expect(await pagesOf(ledger, { labels: ['odd=no', 'all=no'] })).toEqual([[]])
  })

  it('filters by expiry: after, and until and including', async () => {
    const { ledger } = ledgerOver(queried(five))
    expect(await pagesOf(ledger, { expiresAfter: '2026-06-04T00:00:00Z' })).toEqual([[5]])
    expect(await pagesOf(ledger, { expiresUntil: '2026-06-02T00:00:00Z' })).toEqual([[1, 2]])
  })

  it('reads on when DynamoDB ends a portion before the page is full', async () => {
    const { calls, ledger } = ledgerOver(
      { body: { Items: [token(1)], LastEvaluatedKey: { pk: { S: 'x' } } } },
      { body: { Items: [token(2)] } },
    )
    const { items, next } = await ledger.list('token', list())
    expect([items.length, next]).toEqual([2, undefined])
    expect(calls[1]?.body.ExclusiveStartKey).toEqual({ pk: { S: 'x' } })
  })

  it('leads from a position that nobody gave out to a page of the same list', async () => {
    const { ledger } = ledgerOver(queried(five))
    for (const after of ['zzz', '~', 'state', '2026-01-04', ' '])
      expect(await ledger.list('token', list({ after }))).toHaveProperty('next', undefined)
  })
})

describe('the event log', () => {
  const log = [
    token(1),
    event('2026-01-01T09:00:00.000Z', 'tok_a', 1),
    event('2026-01-01T09:00:00.000Z', 'tok_a', 2, { type: { S: 'token.revoked' } }),
    event('2026-01-01T09:00:00.000Z', 'tok_b', 1, { actor: { S: 'con_x' } }),
    event('2026-01-02T00:00:00.000Z', 'tok_a', 10),
    event('2026-03-09T23:59:59.999Z', 'tok_b', 2),
  ]

  const pagesOf = async (ledger: Ledger, part: Partial<EventQuery>) =>
    (await allPages((after) => ledger.events(query({ ...part, after })))).map(idsOf)

  it('goes by time over days and empty months, in versions within an entity, and never ends with an empty page', async () => {
    const { ledger } = ledgerOver(queried(log))
    const everything = ['tok_a/1', 'tok_a/2', 'tok_b/1', 'tok_a/10', 'tok_b/2']
    for (const limit of [1, 2, 3, 4, 5, 6]) {
      const pages = await pagesOf(ledger, { limit })
      expect(pages.flat()).toEqual(everything)
      expect(pages).toHaveLength(Math.ceil(everything.length / limit))
    }
  })

  it('crosses an empty stretch in ever wider steps', async () => {
    const { calls, ledger } = ledgerOver(queried(log))
    await ledger.events(query({ from: '2026-01-03T00:00:00Z' }))
    const days = calls
      .filter(({ body }) => body.IndexName === 'Day')
      .map(({ body }) => body.ExpressionAttributeValues[':hash'].S)
    expect(new Set(days).size).toBe(days.length)
    expect(days).toEqual(expect.arrayContaining(['2026-01-03', '2026-02-14', '2026-03-09']))
  })

  it('asks for no day before the first event, however early it is told to start', async () => {
    const { calls, ledger } = ledgerOver(queried(log))
    await ledger.events(query({ from: '1970-01-01T00:00:00Z', limit: 1 }))
    const days = calls.filter(({ body }) => body.IndexName === 'Day')
    expect(days.map(({ body }) => body.ExpressionAttributeValues[':hash'].S)).toEqual(['2026-01-01'])
  })

  it('takes events from an instant on, up to but not including another', async () => {
    const { ledger } = ledgerOver(queried(log))
    const bounds = { from: '2026-01-01T09:00:00Z', to: '2026-01-02T00:00:00Z' }
    expect(await pagesOf(ledger, bounds)).toEqual([['tok_a/1', 'tok_a/2', 'tok_b/1']])
    expect(await pagesOf(ledger, { ...bounds, subject: 'tok_a' })).toEqual([['tok_a/1', 'tok_a/2']])
    expect(await pagesOf(ledger, { from: '2026-03-01T00:00:00Z', to: '2026-02-01T00:00:00Z' })).toEqual([[]])
  })

  it('filters by type and actor', async () => {
    const { ledger } = ledgerOver(queried(log))
    expect(await pagesOf(ledger, { type: 'token.revoked' })).toEqual([['tok_a/2']])
    expect(await pagesOf(ledger, { actor: 'con_x' })).toEqual([['tok_b/1']])
    expect(await pagesOf(ledger, { subject: 'tok_b', actor: 'con_op' })).toEqual([['tok_b/2']])
  })

  it('is strongly consistent for one entity, by version and without its state', async () => {
    const { calls, ledger } = ledgerOver(queried([...log, { ...token(9), pk: { S: 'token#tok_a' } }]))
    expect(await pagesOf(ledger, { subject: 'tok_a', limit: 2 })).toEqual([
      ['tok_a/1', 'tok_a/2'],
      ['tok_a/10'],
    ])
    expect(calls.every(({ body }) => body.ConsistentRead)).toBe(true)
    expect(await ledger.events(query({ subject: 'tok_a', after: 'state' }))).toEqual({
      items: [],
      next: undefined,
    })
  })

  it('finds the events of an entity whose id does not tell its kind', async () => {
    const { ledger } = ledgerOver(
      queried([{ ...event('2026-01-01T09:00:00.000Z', 'x', 1), pk: { S: 'api#x' } }]),
    )
    expect(await pagesOf(ledger, { subject: 'x' })).toEqual([['x/1']])
  })

  it('is one empty page when nothing ever happened, and from a position that nobody gave out', async () => {
    expect(await pagesOf(ledgerOver(queried([])).ledger, {})).toEqual([[]])
    const { ledger } = ledgerOver(queried(log))
    for (const after of ['zzz', '9999-99-99', '2026-03-10'])
      expect(await ledger.events(query({ after }))).toEqual({ items: [], next: undefined })
  })
})
