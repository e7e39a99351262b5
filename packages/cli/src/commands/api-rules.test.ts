import { standIn } from '@countersign/client/testing'
import { describe, expect, it } from 'vitest'
import { API } from '../testing/bodies.ts'
import { type } from '../testing/typed.ts'

const inStaging = ['--environment', 'staging'] as const
const platform = () => standIn(() => ({ body: API, headers: { etag: '"4"' } }))
const sentTo = ({ received }: Awaited<ReturnType<typeof platform>>) => {
  const sent = received.find(({ method }) => method === 'PUT')
  return sent && { path: sent.path, ifMatch: sent.headers['if-match'], body: JSON.parse(sent.body) }
}

describe('countersign apis rules, allow and forbid', () => {
  it('show what each group opens', async () => {
    await using server = await platform()
    const { code, out } = await type(server.url, ['apis', 'rules', 'pets'])
    expect(code).toBe(0)
    expect(out).toMatch(/ENVIRONMENT +GROUP +ROUTE\n/)
    expect(out).toMatch(/staging +g2 +GET \/pets\/\{id\}/)
  })

  it('give a group these routes and leave the rules of the others, on the version that was read', async () => {
    await using server = await platform()
    const words = ['apis', 'allow', 'pets', ...inStaging, '--group', 'g1', '--route', 'GET /pets/{id}']
    expect((await type(server.url, words)).code).toBe(0)
    expect(sentTo(server)).toEqual({
      path: '/apis/pets/access-rules/staging',
      ifMatch: '"4"',
      body: {
        rules: [
          { group: 'g2', routes: ['GET /pets', 'GET /pets/{id}'] },
          { group: 'g1', routes: ['GET /pets/{id}'] },
        ],
      },
    })
  })

  it('take all routes from a group', async () => {
    await using server = await platform()
    const { code } = await type(server.url, ['apis', 'forbid', 'pets', ...inStaging, '--group', 'g2'])
    expect(code).toBe(0)
    expect(sentTo(server)?.body).toEqual({ rules: [{ group: 'g1', routes: ['GET /pets'] }] })
  })

  it('send nothing about a group that has no rule', async () => {
    await using server = await platform()
    const { code, error } = await type(server.url, [
      ...['apis', 'forbid', 'pets'],
      ...inStaging,
      ...['--group', 'g3'],
    ])
    expect(code).toBe(2)
    expect(error).toContain('no rule names the group "g3"')
    expect(sentTo(server)).toBeUndefined()
  })
})
