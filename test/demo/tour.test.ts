import { createServer } from 'node:http'
import { StoryBroken, type TourScene, tellTour, tourOnThisMachine } from '@countersign/demo'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

describe('the tour of every credential', () => {
  let scene: TourScene
  beforeAll(async () => {
    scene = await tourOnThisMachine()
  })
  afterAll(() => scene.close())

  it('shows each of them opening what is its own and refused elsewhere, and ends with a table of them all', async () => {
    const lines: string[] = []
    await tellTour(
      scene,
      () => tourOnThisMachine('EdDSA'),
      (line) => void lines.push(line),
    )
    const table = lines.filter((line) => /^ {4}[\w -]+?( +\d{3}){6}$/.test(line))
    expect(table.map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['issued token', '200', '200', '403', '200', '401', '403'],
      ['consumer-signed', '200', '200', '403', '200', '401', '403'],
      ['session', '200', '403', '200', '200', '401', '403'],
      ['API key', '200', '401', '401', '401', '200', '403'],
      ['SigV4', '200', '401', '401', '401', '401', '200'],
      ['nobody', '200', '401', '401', '401', '401', '403'],
    ])
    expect(lines.filter((line) => / 429 GET \/reports/.test(line))).toHaveLength(1)
  })

  it.each([
    ['lets nobody in', 401, /notices .*answered 401, not 200/],
    ['lets everybody in', 200, /tenancies\/7 .*answered 200, not 401/],
  ])('breaks off where the gateway %s', async (_, status, said) => {
    const server = createServer((__, response) => response.writeHead(status).end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const gateway = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
    const told = tellTour({ ...scene, gateway }, tourOnThisMachine, () => {})
    await expect(told).rejects.toThrow(StoryBroken)
    await expect(told).rejects.toThrow(said)
    server.closeAllConnections()
    server.close()
  })
})
