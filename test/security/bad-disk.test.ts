import { closeSync, mkdtempSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Session } from '@countersign/core/session'
import { make as makeBegin } from '@countersign/functions/http/begin-lockdown'
import { make as makeRegister } from '@countersign/functions/http/register-consumer'
import { make as makeShow } from '@countersign/functions/http/show-consumer'
import { make as makeHealth } from '@countersign/functions/http/show-health'
import { make as makeSuspend } from '@countersign/functions/http/suspend-consumer'
import {
  LOCAL_ISSUER,
  localBus,
  localServices,
  openDatabase,
  sqliteQueues,
  startPlatform,
} from '@countersign/local'
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

type Handler = (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>

let root: string
let file: string
let database: ReturnType<typeof openDatabase>
let services: ReturnType<typeof open>
const logged: unknown[] = []

const open = () => {
  database = openDatabase(file)
  const queues = sqliteQueues(database)
  const clock = () => new Date()
  const quiet = () => {}
  return localServices({
    ...{ database, queues, clock, identities: Session.NOBODY, committed: quiet, sent: quiet },
    bus: localBus({ queues, clock, adversity: undefined, sent: quiet }),
    settings: { issuer: LOCAL_ISSUER, ringRefreshSeconds: 1 },
    log: (line) => void logged.push(line),
    unrelayed: () => 0,
  })
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'countersign-disk-'))
  file = join(root, 'countersign.sqlite')
  services = open()
})
afterEach(() => {
  database.close()
  rmSync(root, { recursive: true, force: true })
})

const ask = async (handler: Handler, body: object | null, pathParameters: Record<string, string> = {}) => {
  const event = {
    ...{ httpMethod: 'POST', resource: '/x', path: '/x', headers: {}, pathParameters },
    ...{
      body: body && JSON.stringify(body),
      isBase64Encoded: false,
      requestContext: { requestId: 'r1', authorizer: {} },
    },
  }
  const { statusCode, headers, body: said } = await handler(event as unknown as APIGatewayProxyEvent)
  return { status: statusCode, headers: headers ?? {}, body: JSON.parse(said) as Record<string, unknown> }
}

const register = (name: string) =>
  ask(makeRegister(services) as Handler, { name, type: 'service', owner: 'tests' })
const show = (id: string) => ask(makeShow(services) as Handler, null, { id })
const suspend = (id: string) => ask(makeSuspend(services) as Handler, {}, { id })
const health = () => ask(makeHealth(services) as Handler, null)

/** Whoever watches the platform is told what is wrong with it, with 503, and nothing of the machine. */
const expectUnwell = async (what: string) => {
  const answer = await health()
  expectWeather(answer)
  expect(answer.body.detail).toBe(what)
}

const expectWell = async () => expect(await health()).toMatchObject({ status: 200, body: { status: 'ok' } })

/** What a caller is told of weather: what it is, when to come again, and nothing of the machine. */
const expectWeather = ({ status, headers, body }: Awaited<ReturnType<typeof ask>>) => {
  expect([status, body.code, headers['retry-after']]).toEqual([503, 'store_unavailable', '5'])
  expect(JSON.stringify(body)).not.toMatch(/sqlite|at .*\.ts|\/tmp/i)
}

const versions = (id: string) =>
  database
    .all('SELECT version FROM event WHERE subject = ? ORDER BY version', id)
    .map(({ version }) => version)

describe('a disk that is full', () => {
  it('refuses commands with 503, keeps what was acknowledged, and goes on when there is room', async () => {
    const held: string[] = []
    const pages = Number(database.get('PRAGMA page_count')?.page_count)
    database.all(`PRAGMA max_page_count = ${pages + 40}`)
    let last = await register('first')
    await expectWell()
    for (let count = 0; last.status === 201 && count < 500; count++) {
      held.push(String(last.body.id))
      last = await register(`consumer ${count} ${'x'.repeat(100)}`)
    }
    expectWeather(last)
    await expectUnwell('the store cannot grow: the disk is full')
    expect(held.length).toBeGreaterThan(0)
    for (const id of held) expect((await show(id)).status).toBe(200)
    for (const id of held) {
      const answer = await suspend(id)
      if (answer.status !== 200) expectWeather(answer)
      expect(versions(id)).toEqual(answer.status === 200 ? [1, 2] : [1])
    }
    database.all(`PRAGMA max_page_count = ${pages + 500}`)
    await expectWell()
    expect((await register('there is room again')).status).toBe(201)
    expect(JSON.stringify(logged)).toContain('the disk is full')
  })
})

describe('a file that another process holds', () => {
  it('refuses commands with 503 and answers what is only read; afterwards it is as if nothing had been', async () => {
    const { body } = await register('held')
    const id = String(body.id)
    database.all('PRAGMA busy_timeout = 20')
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    expectWeather(await suspend(id))
    await expectUnwell('the store is locked by another process')
    expectWeather(await ask(makeBegin(services) as Handler, { everywhere: true, because: 'leak' }))
    expect((await show(id)).body.status).toBe('active')
    other.exec('ROLLBACK')
    other.close()
    await expectWell()
    expect((await suspend(id)).body.status).toBe('suspended')
    expect(versions(id)).toEqual([1, 2])
  })
})

describe('a file that cannot be written to', () => {
  it('refuses commands with 503 and answers what is only read', async () => {
    const id = String((await register('kept')).body.id)
    database.all('PRAGMA query_only = ON')
    expectWeather(await suspend(id))
    await expectUnwell('the store cannot be written to')
    expect((await show(id)).status).toBe(200)
    database.all('PRAGMA query_only = OFF')
    expect((await suspend(id)).status).toBe(200)
  })
})

describe('a file that was moved away or replaced under the platform', () => {
  it('acknowledges nothing that would be gone with the process', async () => {
    const id = String((await register('kept')).body.id)
    renameSync(file, `${file}.away`)
    expectWeather(await suspend(id))
    await expectUnwell('the store was moved away or replaced')
    writeSync(openSync(file, 'w'), 'another file')
    expectWeather(await suspend(id))
    renameSync(`${file}.away`, file)
    expect((await suspend(id)).status).toBe(200)
  })
})

describe('a file that is damaged under the platform', () => {
  const damage = () => {
    database.all('PRAGMA wal_checkpoint(TRUNCATE)')
    const { size } = statSync(file)
    const handle = openSync(file, 'r+')
    for (let at = 4_096; at < size; at += 512) writeSync(handle, Buffer.alloc(512, 0xa5), 0, 512, at)
    closeSync(handle)
  }

  it('answers nothing but 503, reads no row for the authorizer, and the next start says what to do', async () => {
    const id = String((await register('kept')).body.id)
    database.all('PRAGMA cache_size = 0')
    damage()
    expectWeather(await show(id))
    expectWeather(await suspend(id))
    await expectUnwell('the store is damaged')
    await expect(services.accessRows.read(['fence#0'])).rejects.toThrow('is damaged')
    const start = startPlatform({ data: root, port: 0, gatewayPort: 0, signInPort: 0 })
    await expect(start).rejects.toThrow(/cannot be read .*restore it from a backup/)
  })
})
