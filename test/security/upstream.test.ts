import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { TENANCY, tenancies } from '../acceptance/given.ts'

/** What a backend is told comes from the authorizer alone, and the credential stays at the gateway. */
describe('what reaches the upstream', async () => {
  const seen: IncomingMessage[] = []
  let answer: RequestListener = (_, outgoing) => outgoing.end('ok')
  const backend = createServer((incoming, outgoing) => {
    seen.push(incoming)
    answer(incoming, outgoing)
  })
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
  const { port } = backend.address() as AddressInfo
  const world = await tenancies({ upstream: `http://127.0.0.1:${port}` })
  afterAll(async () => {
    await world.stop()
    backend.closeAllConnections()
    backend.close()
  })
  beforeEach(() => void seen.splice(0))
  const { token } = world
  const headersSeen = async (rawHeaders: readonly string[]) => {
    const { status } = await world.call({ path: `${TENANCY}?a=1&b=%2F`, token: token.secret, rawHeaders })
    expect(status).toBe(200)
    return seen[0]?.headers ?? {}
  }

  it('is who calls, in headers that the caller cannot set in any spelling', async () => {
    const headers = await headersSeen([
      ...['X-Countersign-Consumer-Id', 'con_forged', 'x-countersign-consumer-id', 'con_forged'],
      ...['X-COUNTERSIGN-TOKEN-ID', 'tok_forged', 'x-countersign-groups', 'admin', 'X-Countersign-', 'x'],
      // Many a backend reads `_` and `-` as one.
      ...['X_Countersign_Token_Id', 'tok_forged', 'x-countersign_consumer', 'forged'],
    ])
    const told = Object.entries(headers).filter(([name]) => /^x[-_]countersign[-_]/.test(name))
    const names = told.map(([name]) => name).toSorted((a, b) => a.localeCompare(b))
    expect(names).toEqual([
      'x-countersign-api-id',
      'x-countersign-consumer',
      'x-countersign-consumer-id',
      'x-countersign-decision-id',
      'x-countersign-environment',
      'x-countersign-kid',
      'x-countersign-principal-id',
      'x-countersign-token-id',
    ])
    expect(headers['x-countersign-consumer-id']).toBe(token.consumer)
    expect(headers['x-countersign-token-id']).toBe(token.id)
    expect(JSON.stringify(told)).not.toMatch(/forged|admin/)
  })

  it('is never the credential', async () => {
    const headers = await headersSeen(['X-Other', 'kept'])
    expect(headers['x-other']).toBe('kept')
    expect(headers.authorization).toBeUndefined()
    for (const part of token.secret.split('.'))
      expect(JSON.stringify(seen[0]?.rawHeaders)).not.toContain(part)
  })

  it('is the path and the query as they were sent', async () => {
    await headersSeen([])
    expect(seen[0]?.url).toBe('/api/v1/tenancies/7?a=1&b=%2F')
  })

  it('is nothing at all of what was refused', async () => {
    await world.call({ path: TENANCY })
    await world.call({ path: TENANCY, token: 'garbage' })
    await world.call({ path: TENANCY, method: 'DELETE', token: token.secret })
    await world.call({ path: `${TENANCY}/../../../admin`, token: token.secret })
    expect(seen).toEqual([])
  })

  it('is answered with what it says, its headers too', async () => {
    answer = (_, outgoing) => {
      const headers = {
        location: '/elsewhere',
        etag: '"7"',
        'set-cookie': ['a=1', 'b=2'],
        connection: 'close',
      }
      outgoing.writeHead(302, headers).end('moved')
    }
    const { status, headers, body } = await world.call({ path: TENANCY, token: token.secret })
    expect([status, body]).toEqual([302, 'moved'])
    expect(headers).toMatchObject({ location: '/elsewhere', etag: '"7"', 'set-cookie': ['a=1', 'b=2'] })
    expect(headers.connection).toBe('keep-alive')
  })

  it('is 502 when it breaks off in the middle of its answer', async () => {
    answer = (_, outgoing) => {
      outgoing.writeHead(200, { 'content-length': '100' })
      outgoing.write('half', () => outgoing.destroy())
    }
    expect((await world.call({ path: TENANCY, token: token.secret })).status).toBe(502)
  })
})
