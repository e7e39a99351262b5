import { describe, expect, it } from 'vitest'
import {
  type Api,
  coordinatesClaim,
  deploy,
  deregister,
  evolve,
  labelsOf,
  nameClaim,
  register,
  rejectRegistration,
  update,
} from './api.ts'

const cause = { actor: 'ann', correlationId: 'c', now: new Date('2026-01-01T00:00:00.000Z') }
const TIME = cause.now.toISOString()
const routes = [{ method: 'GET', path: '/x', authorization: 'token' }] as const
const described = { name: 'tenancies', owner: 'Team', description: 'd', routes, publishedAt: TIME }
const at = (gatewayId: string) => ({ accountId: '111111111111', region: 'eu-west-2', gatewayId, stage: 's' })
const placed = (environment: string, gatewayId: string, authorizerCacheTtlSeconds = 0) => ({
  environment,
  coordinates: at(gatewayId),
  authorizerCacheTtlSeconds,
})
const FREE = { owner: undefined, generation: 0 }

const happened = (api: Api | undefined, facts: ReturnType<typeof register>): Api =>
  facts.reduce((state, one) => evolve(state, one, TIME), api as Api)
const facts = (result: ReturnType<typeof deploy>) => {
  if (!result.ok) throw new Error(result.error.reason)
  return result.value
}

const registered = happened(undefined, register('api_1', described))
const deployed = happened(registered, facts(deploy(registered, placed('staging', 'g'), FREE)))
const OWN = { owner: 'api_1', generation: 1 }

describe('an API', () => {
  it('is registered with its routes, and nowhere deployed', () => {
    expect(registered).toMatchObject({
      id: 'api_1',
      name: 'tenancies',
      routes,
      deployments: [],
      status: 'registered',
    })
  })

  it('does not change when the same is published again, or something older', () => {
    expect(update(registered, described)).toEqual([])
    expect(
      update(registered, { ...described, owner: 'Other', publishedAt: '2025-01-01T00:00:00.000Z' }),
    ).toEqual([])
  })

  it('changes on every deployment, and keeps its name in whatever letters it is published', () => {
    const [fact, ...rest] = update(deployed, { ...described, name: 'Tenancies', owner: 'Other' })
    expect(rest).toEqual([])
    expect(fact).toMatchObject({
      type: 'api.updated',
      data: { name: 'tenancies', owner: 'Other', deployments: deployed.deployments },
    })
    expect(nameClaim('Tenancies')).toBe(nameClaim('tenancies'))
  })

  it('is deployed once per place; the place counts its claims', () => {
    expect(deployed.deployments).toEqual([{ ...placed('staging', 'g'), generation: 1 }])
    expect(facts(deploy(deployed, placed('staging', 'g'), OWN))).toEqual([])
    const taken = facts(deploy(registered, placed('staging', 'g'), { owner: undefined, generation: 4 }))
    expect(happened(registered, taken).deployments[0]?.generation).toBe(5)
  })

  it('keeps its generation when only the cache changes', () => {
    const cached = happened(deployed, facts(deploy(deployed, placed('staging', 'g', 60), OWN)))
    expect(cached.deployments).toEqual([{ ...placed('staging', 'g', 60), generation: 1 }])
  })

  it('remembers what API Gateway may still keep of a deployment that was left, changed or closed, and no longer', () => {
    const cached = happened(registered, facts(deploy(registered, placed('staging', 'g', 300), FREE)))
    const former = [{ environment: 'staging', until: '2026-01-01T00:05:00.000Z' }]
    const shorter = facts(deploy(cached, placed('staging', 'g', 1), OWN))
    expect(happened(cached, shorter).formerCaches).toEqual(former)
    expect(happened(cached, facts(deploy(cached, placed('staging', 'h'), FREE))).formerCaches).toEqual(former)
    expect(happened(cached, deregister(cached, cause)).formerCaches).toEqual(former)
    const [closing] = deregister(happened(cached, shorter), cause)
    const closed = closing && evolve(happened(cached, shorter), closing, '2026-01-01T00:05:00.000Z')
    expect(closed?.formerCaches).toEqual([{ environment: 'staging', until: '2026-01-01T00:05:01.000Z' }])
    expect(happened(deployed, deregister(deployed, cause))).not.toHaveProperty('formerCaches')
  })

  it('moves, and says where it was', () => {
    const [fact] = facts(deploy(deployed, placed('staging', 'h'), FREE))
    expect(fact).toMatchObject({ data: { replaced: deployed.deployments[0] } })
    expect(
      happened(deployed, fact ? [fact] : []).deployments.map(({ coordinates }) => coordinates.gatewayId),
    ).toEqual(['h'])
  })

  it('has several environments, each in its own place', () => {
    const both = happened(deployed, facts(deploy(deployed, placed('development', 'h'), FREE)))
    expect(both.deployments).toHaveLength(2)
    expect(deploy(both, placed('development', 'g'), OWN)).toEqual({
      ok: false,
      error: { reason: 'deployment_of_other_environment', environment: 'staging' },
    })
    expect(coordinatesClaim(at('g'))).not.toBe(coordinatesClaim(at('h')))
  })

  it('cannot take what another holds', () => {
    expect(deploy(registered, placed('staging', 'g'), { owner: 'api_2', generation: 1 })).toEqual({
      ok: false,
      error: { reason: 'deployment_taken' },
    })
  })

  it('is closed once, with everything it had', () => {
    const [fact] = deregister(deployed, cause)
    expect(fact).toMatchObject({ data: { deployments: deployed.deployments, deregisteredAt: TIME } })
    const closed = happened(deployed, fact ? [fact] : [])
    expect(closed).toMatchObject({ status: 'deregistered', deployments: [] })
    expect(deregister(closed, cause)).toEqual([])
    const later = { ...cause, now: new Date(cause.now.getTime() + 1) }
    expect(deregister(closed, later)).toMatchObject([
      { data: { deployments: [], deregisteredAt: later.now.toISOString() } },
    ])
  })

  it('is what its log says', () => {
    const first = register('api_1', described)
    expect(first).toEqual([{ type: 'api.registered', data: { apiId: 'api_1', ...described } }])
    const before = happened(undefined, first)
    expect(before).toEqual({
      ...{ id: 'api_1', name: 'tenancies', owner: 'Team', description: 'd', routes, deployments: [] },
      ...{ status: 'registered', registeredAt: TIME, publishedAt: TIME },
    })
    expect(labelsOf(before)).toEqual(['status=registered', 'name=tenancies', 'owner=Team'])
    const [place] = facts(deploy(before, placed('staging', 'g', 60), FREE))
    expect(place).toEqual({
      type: 'api.deployed',
      data: {
        ...{ apiId: 'api_1', name: 'tenancies', routes },
        deployment: { ...placed('staging', 'g', 60), generation: 1 },
      },
    })
    const living = happened(before, place ? [place] : [])
    const changed = {
      owner: 'Other',
      routes: [{ ...routes[0], path: '/y' }],
      publishedAt: '2026-01-02T00:00:00.000Z',
    }
    const updates = update(living, { name: 'tenancies', ...changed })
    expect(updates).toEqual([
      {
        type: 'api.updated',
        data: { apiId: 'api_1', name: 'tenancies', ...changed, deployments: living.deployments },
      },
    ])
    const updated = happened(living, updates)
    expect(updated).toEqual({ ...living, ...changed, description: undefined })
    const closed = happened(updated, deregister(updated, cause))
    expect(labelsOf(closed)).toEqual(['status=deregistered', 'name=tenancies', 'owner=Other'])
    expect(closed).toMatchObject({ deregisteredAt: TIME, deployments: [] })
  })

  it('leaves no other environment when it comes to one, nor when it moves in one', () => {
    const living = happened(registered, facts(deploy(registered, placed('staging', 'g', 60), FREE)))
    const both = happened(living, facts(deploy(living, placed('live', 'h', 30), FREE)))
    const [second] = facts(deploy(living, placed('live', 'h', 30), FREE))
    expect(second?.data).not.toHaveProperty('replaced')
    expect(both).not.toHaveProperty('formerCaches')
    const moved = happened(both, facts(deploy(both, placed('live', 'i'), FREE)))
    expect(moved.deployments.map(({ coordinates }) => coordinates.gatewayId)).toEqual(['g', 'i'])
    expect(moved.formerCaches).toEqual([{ environment: 'live', until: '2026-01-01T00:00:30.000Z' }])
    const again = happened(moved, facts(deploy(moved, placed('staging', 'g', 10), OWN)))
    expect(again.formerCaches).toEqual([
      { environment: 'live', until: '2026-01-01T00:00:30.000Z' },
      { environment: 'staging', until: '2026-01-01T00:01:00.000Z' },
    ])
  })

  it('owns its name in small letters, and each of its places', () => {
    expect(nameClaim('Tenancies')).toBe('api-name#tenancies')
    expect(coordinatesClaim(at('g'))).toBe('deployment#111111111111/eu-west-2/g/s')
  })

  it('cannot begin with anything but its registration', () => {
    expect(() => happened(undefined, deregister(deployed, cause))).toThrow('begins with api.deregistered')
  })

  it('that is refused leaves every reason', () => {
    const reasons = [{ pointer: '', code: 'no_operations', detail: 'none' }]
    expect(rejectRegistration({ name: 'n' }, reasons)).toEqual([
      { type: 'api.registration-rejected', data: { name: 'n', refusals: reasons } },
    ])
  })
})
