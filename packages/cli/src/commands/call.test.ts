import { standIn } from '@countersign/client/testing'
import { describe, expect, it } from 'vitest'
import { SIGNED } from '../testing/bodies.ts'
import { temporaryFolder, type } from '../testing/typed.ts'

const PATH = '/abc123/v1/pets?page=2'
const NOWHERE = 'http://127.0.0.1:9'

const call = (gateway: string, ...more: readonly string[]) =>
  type(NOWHERE, ['call', 'get', PATH, '--gateway', gateway, ...more])

describe('call', () => {
  it('shows the status line and the body', async () => {
    await using gateway = await standIn(() => ({ body: '{"pets": []}' }))
    expect(await call(gateway.url)).toEqual({ code: 0, out: 'HTTP 200 OK\n{"pets": []}\n', error: '' })
    expect(gateway.received).toMatchObject([{ method: 'GET', path: PATH }])
  })

  it('ends with 1 when it is refused, and shows the challenge', async () => {
    const headers = { 'www-authenticate': 'Bearer error="invalid_token"' }
    await using gateway = await standIn(() => ({ status: 401, body: '{"message":"Unauthorized"}', headers }))
    expect(await call(gateway.url)).toEqual({
      code: 1,
      out: 'HTTP 401 Unauthorized\nwww-authenticate: Bearer error="invalid_token"\n{"message":"Unauthorized"}\n',
      error: '',
    })
  })

  it('prints the body alone with --json', async () => {
    await using gateway = await standIn(() => ({ status: 403, body: '{"message":"no"}' }))
    expect(await call(gateway.url, '--json')).toEqual({ code: 1, out: '{"message":"no"}', error: '' })
  })

  it('ends with 3 when the gateway is not there', async () => {
    await using gateway = await standIn(() => 'reset')
    const { code, out, error } = await call(gateway.url)
    expect([code, out]).toEqual([3, ''])
    expect(error).toMatch(/^countersign: unreachable: /)
  })

  it('presents the token from a file, from stdin or from the environment, the nearest first', async () => {
    await using folder = await temporaryFolder()
    await using gateway = await standIn(() => ({}))
    const file = await folder.file('a.token', `${SIGNED}\n`)
    const environment = { COUNTERSIGN_TOKEN: 'from-environment' }
    const at = ['call', 'GET', PATH, '--gateway', gateway.url]
    await type(NOWHERE, [...at, '--token', file], { environment })
    await type(NOWHERE, [...at, '--token', '-'], { environment, input: 'from-stdin\n' })
    await type(NOWHERE, at, { environment })
    await type(NOWHERE, at)
    expect(gateway.received.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${SIGNED}`,
      'Bearer from-stdin',
      'Bearer from-environment',
      undefined,
    ])
  })

  it('sends a body', async () => {
    await using gateway = await standIn(() => ({ status: 201 }))
    const argv = ['call', 'POST', '/abc123/v1/pets', '--gateway', gateway.url, '--body', '-']
    expect(await type(NOWHERE, argv, { input: '{"name":"Rex"}' })).toMatchObject({ code: 0 })
    expect(gateway.received).toMatchObject([{ method: 'POST', body: '{"name":"Rex"}' }])
  })

  it('carries the token to no other place', async () => {
    await using elsewhere = await standIn(() => ({}))
    await using gateway = await standIn(() => ({ status: 302, headers: { location: elsewhere.url } }))
    const environment = { COUNTERSIGN_TOKEN: SIGNED, COUNTERSIGN_GATEWAY: gateway.url }
    expect(await type(NOWHERE, ['call', 'GET', PATH], { environment })).toMatchObject({ code: 1 })
    expect(elsewhere.received).toEqual([])
  })
})
