import { describe, expect, it } from 'vitest'
import type { LogLine } from './services.ts'
import { subscriber } from './subscriber.ts'

const event = { source: 'api-hub', 'detail-type': 'api-hub.api-withdrawn', time: '2026-03-01T12:00:00Z' }
const message = (messageId: string, body: unknown) => ({ messageId, body: JSON.stringify(body) })

describe('a batch', () => {
  it('is reported message by message, and is one line of the log after those of what failed', async () => {
    const lines: LogLine[] = []
    const log = (line: LogLine) => void lines.push(line)
    const handle = subscriber('RegisterPublishedApi', { log }, async (heard) => {
      if (heard.id === 'bad') throw new Error('no store')
    })
    const Records = [
      message('m1', { ...event, id: 'good', detail: {} }),
      message('m2', { ...event, id: 'bad', detail: {} }),
      message('m3', { ...event, id: 'good', source: 'somebody', detail: {} }),
    ]
    expect(await handle({ Records } as never)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm2' }, { itemIdentifier: 'm3' }],
    })
    const subscription = 'RegisterPublishedApi'
    expect(lines).toMatchObject([
      { level: 'error', message: 'a message failed', subscription, messageId: 'm2' },
      { level: 'error', message: 'a message failed', subscription, messageId: 'm3' },
      { level: 'info', message: 'a batch was handled', subscription, messages: 3, failed: 2 },
    ])
  })
})
