import { allItems, proveEvent, readProof, verifyLog } from '@countersign/client'
import { Audit } from '@countersign/core/audit'
import { digestOf } from '@countersign/core/shared'
import { make as makeRotation } from '@countersign/functions/rotation/rotate-seal-keys'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../aws/eventually.ts'
import { lastDueDay, registeredAt, sealKeyReady } from '../support/backdated.ts'
import { done, openWorld } from '../support/world.ts'
import { auditLog } from './given.ts'

const world = await openWorld()
afterAll(() => world.stop())
const { client, services } = world
const { audit, signingKeys } = client

const day = lastDueDay(services.clock())
const dayBefore = Audit.dayAfter(day, -1)
const noon = (on: string) => new Date(Audit.startOfDay(on).getTime() + 43_200_000)

const seals = async () => done(await audit.seals({ limit: 100 })).items
const leavesOf = async (on: string) => done(await audit.leaves(on)).items

describe('a day that is over', async () => {
  const early = await registeredAt(services, noon(dayBefore))
  const [first, second] = [await registeredAt(services, noon(day)), await registeredAt(services, noon(day))]
  beforeAll(async () => {
    await sealKeyReady(services)
    await world.run('SealAudit')
  })

  it('is sealed, over every event of it, and the days before it in their turn', async () => {
    const seal = done(await audit.seal(day))
    expect(seal).toMatchObject({ id: Audit.sealIdOf(day), day, late: 0 })
    const entities = (await leavesOf(day)).map(({ entity }) => entity)
    expect(entities).toEqual(expect.arrayContaining([first, second]))
    expect(entities).toHaveLength(seal.events)
    expect((await leavesOf(dayBefore)).map(({ entity }) => entity)).toContain(early)
    const all = await seals()
    expect(all.at(-1)).toEqual(seal)
    for (const [index, { previous }] of all.entries())
      expect(previous).toBe(index === 0 ? '' : Audit.digestOfSeal(all[index - 1]?.seal ?? ''))
  })

  it('has a seal that the published keys verify, and the keys of tokens are others', async () => {
    const { seal } = done(await audit.seal(day))
    const { keys } = done(await signingKeys.jsonWebKeys())
    const read = Audit.readSeal(seal, keys)
    expect(read).toMatchObject({ ok: true, value: { day, iss: services.settings.issuer } })
    const ring = done(await signingKeys.list()).items.map(({ kid }) => kid)
    expect(read.ok && ring).not.toContain(read.ok && read.value.kid)
  })

  it('has a seal that opens nothing', async () => {
    const { seal } = done(await audit.seal(day))
    const answer = await fetch(`${world.api}/audit/seals`, { headers: { authorization: `Bearer ${seal}` } })
    expect(answer.status).toBe(401)
  })

  it('stays sealed as it is, however often the schedule runs, and by how many at once', async () => {
    const before = await seals()
    await Promise.all([1, 2, 3].map(() => world.run('SealAudit')))
    expect(await seals()).toEqual(before)
  })

  it('is told of on the bus, so that who listens keeps what nobody can take back', async () => {
    const log = await auditLog(client, { entity: Audit.sealIdOf(day) })
    const { seal } = done(await audit.seal(day))
    expect(log).toMatchObject([{ type: 'audit.day-sealed', actor: 'schedule', data: { day, seal } }])
  })

  it('has no seal while it lasts, nor before there was anything', async () => {
    for (const other of [Audit.dayOf(services.clock()), '2019-12-31'])
      expect(await audit.seal(other)).toMatchObject({
        error: { problem: { status: 404, code: 'seal_not_found' } },
      })
    expect(await audit.seal('yesterday')).toMatchObject({ error: { problem: { code: 'invalid_request' } } })
  })

  it('lets every event of it be proven, offline and under the published key alone', async () => {
    const { keys } = done(await signingKeys.jsonWebKeys())
    const [event] = await auditLog(client, { entity: second })
    const proved = await proveEvent(client, event?.id ?? '')
    if (!proved.ok) throw new Error(JSON.stringify(proved.error))
    expect(await proveEvent(client, event?.id ?? '', { day })).toEqual(proved)
    const file = JSON.stringify(proved.value)
    expect(readProof(JSON.parse(file), keys)).toMatchObject({
      ok: true,
      value: { event: { id: event?.id, subject: second }, seal: { day } },
    })
    expect(readProof(JSON.parse(file.replace('history', 'another')), keys)).toEqual({
      ok: false,
      error: 'event_not_in_seal',
    })
  })

  it('proves nothing of what happened since', async () => {
    const [event] = (await auditLog(client, { from: new Date(Date.now() - 3_600_000).toISOString() })).slice(
      -1,
    )
    expect(event).toBeDefined()
    expect(await proveEvent(client, event?.id ?? '')).toMatchObject({ error: { reason: 'event_not_sealed' } })
  })

  it('keeps the log whole, with its seals', async () => {
    const verified = await verifyLog(client)
    expect(verified).toMatchObject({ ok: true, value: { findings: [], seals: { until: day } } })
  })
})

describe('a sealed day', () => {
  const findings = async () => {
    const verified = await verifyLog(client)
    if (!verified.ok) throw new Error(JSON.stringify(verified.error))
    return verified.value.findings.map(({ fault, entity }) => [fault, entity])
  }

  it('stays whole when something of it comes late: that is for the next seal', async () => {
    const id = await registeredAt(services, noon(day))
    await world.run('SealAudit')
    expect(await findings()).toEqual([])
    expect((await leavesOf(day)).map(({ entity }) => entity)).not.toContain(id)
  })

  it('shows an event that was changed together with its head, which the chain alone would not', async () => {
    const [leaf] = await leavesOf(day)
    if (!leaf) throw new Error('the day is empty')
    const at = { kind: 'consumer', id: leaf.entity, version: leaf.version } as const
    const [event] = await auditLog(client, { entity: leaf.entity })
    const forged = { ...event, actor: 'con_forged' }
    const undone = [
      await world.tamper.event(at, () => JSON.stringify(forged)),
      await world.tamper.end(at, () => ({ version: leaf.version, head: digestOf(forged) })),
    ]
    expect(await findings()).toEqual([['sealed_event_changed', leaf.entity]])
    expect(await proveEvent(client, leaf.eventId)).toMatchObject({
      error: { reason: 'sealed_event_changed', day },
    })
    for (const undo of undone.toReversed()) await undo()
    expect(await findings()).toEqual([])
  })
})

describe('the log as security event tokens', async () => {
  const id = await registeredAt(services, noon(dayBefore))
  const jwks = createRemoteJWKSet(new URL(`${world.api}/.well-known/jwks.json`))
  const told = async (query: object) => {
    const tokens = await allItems((cursor) => audit.securityEvents({ ...query, limit: 2, cursor }))
    if (!tokens.ok) throw new Error(JSON.stringify(tokens.error))
    return tokens.value
  }

  it('is verified by a library, with the published keys, and says every event of the range once', async () => {
    const range = { from: noon(dayBefore).toISOString(), to: noon(day).toISOString() }
    const tokens = await told({ ...range, audience: 'siem' })
    const events = await auditLog(client, range)
    const read = await Promise.all(
      tokens.map((token) =>
        jwtVerify(token, jwks, { issuer: services.settings.issuer, audience: 'siem', typ: 'secevent+jwt' }),
      ),
    )
    expect(read.map(({ payload }) => payload.jti)).toEqual(events.map((event) => event.id))
    const ours = read.find(({ payload }) => JSON.stringify(payload.sub_id).includes(id))
    expect(ours?.payload).toMatchObject({
      toe: noon(dayBefore).getTime() / 1_000,
      txn: 'history',
      sub_id: { format: 'iss_sub', iss: services.settings.issuer, sub: id },
      events: { 'urn:countersign:event:consumer.registered': { countersign: { subject: id } } },
    })
    for (const { payload } of read) {
      expect(payload).not.toHaveProperty('sub')
      expect(payload).not.toHaveProperty('exp')
    }
  })

  it('is for the platform itself unless somebody else is named, and opens nothing', async () => {
    const [token = ''] = await told({ from: noon(dayBefore).toISOString(), to: noon(day).toISOString() })
    const { payload } = await jwtVerify(token, jwks, { audience: services.settings.issuer })
    expect(payload.iss).toBe(services.settings.issuer)
    const answer = await fetch(`${world.api}/audit/seals`, { headers: { authorization: `Bearer ${token}` } })
    expect(answer.status).toBe(401)
  })
})

describe('the key that seals, once it was rotated', () => {
  it('leaves every seal of the one before verifiable, online and by a proof that was kept', async () => {
    const before = done(await signingKeys.jsonWebKeys()).keys
    const { kid } = done(await audit.seal(day))
    const [leaf] = await leavesOf(day)
    const proved = await proveEvent(client, leaf?.eventId ?? '')
    if (!proved.ok) throw new Error(JSON.stringify(proved.error))
    const rotate = makeRotation(services)
    const ClientRequestToken = crypto.randomUUID()
    for (const Step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const)
      await rotate({ Step, ClientRequestToken, SecretId: 'SealKeys' })
    const created = await auditLog(client, { type: 'seal-key.created' })
    const fresh = created.at(-1)?.data as { readonly kid: string }
    expect(created.map((event) => (event.data as { readonly kid: string }).kid)).toContain(kid)
    let published = before
    await eventually('the new key is published', async () => {
      published = done(await signingKeys.jsonWebKeys()).keys
      return published.some((key) => key.kid === fresh.kid)
    })
    expect(published.map((key) => key.kid)).toEqual(expect.arrayContaining([kid, fresh.kid]))
    for (const keys of [before, published])
      expect(readProof(proved.value, keys)).toMatchObject({ ok: true, value: { seal: { day, kid } } })
    const verified = await verifyLog(client)
    expect(verified).toMatchObject({ ok: true, value: { findings: [], seals: { until: day } } })
  })
})
