import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '@countersign/cli'
import { Audit } from '@countersign/core/audit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lastDueDay, registeredAt, sealKeyReady } from '../support/backdated.ts'
import { done, openWorld } from '../support/world.ts'
import { auditLog, consumer } from './given.ts'

const world = await openWorld()
const folder = mkdtempSync(join(tmpdir(), 'countersign-audit-'))
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await world.stop()
})
const { client, services } = world
const at = (name: string) => join(folder, name)
const day = lastDueDay(services.clock())
const noon = new Date(Audit.startOfDay(day).getTime() + 43_200_000)
const CREDENTIAL = at('operator.token')
writeFileSync(CREDENTIAL, `${world.credential}\n`)

/** What an auditor sees who types this. */
const type = async (argv: readonly string[], { endpoint = world.api, enough = [] as string[] } = {}) => {
  let [out, error] = ['', '']
  const seen = new AbortController()
  const code = await run(argv, {
    out: (chunk) => {
      out += String(chunk)
      if (enough.length > 0 && enough.every((text) => out.includes(text))) seen.abort()
    },
    error: (text) => {
      error += text
    },
    input: async () => '',
    interactive: false,
    environment: { COUNTERSIGN_ENDPOINT: endpoint, COUNTERSIGN_CREDENTIAL: CREDENTIAL },
    now: () => services.clock(),
    enough: seen.signal,
  })
  return { code, out, error }
}

describe('an auditor at the command line', async () => {
  const subject = await registeredAt(services, noon)
  const [proof, keys] = [at('proof.json'), at('jwks.json')]
  let eventId = ''
  beforeAll(async () => {
    await sealKeyReady(services)
    await world.run('SealAudit')
    eventId = (await auditLog(client, { entity: subject }))[0]?.id ?? ''
    writeFileSync(keys, (await type(['keys', 'jwks'])).out)
  })

  it('is told that the log is whole, with the keys they keep, and of one entity alone', async () => {
    for (const words of [[], ['--keys', keys]]) {
      const { code, out } = await type(['audit', 'verify', ...words])
      expect(code).toBe(0)
      expect(out).toMatch(/^The log is whole: \d+ events of \d+ entities/)
      expect(out).toContain(`${day}), `)
    }
    const { code, out } = await type(['audit', 'verify', '--entity', subject])
    expect([code, out]).toEqual([0, expect.stringContaining('1 event of 1 entity')])
  })

  it('has a file made that proves an event, and checks it where no platform is', async () => {
    const made = await type(['audit', 'prove', eventId, '--output', proof])
    expect([made.code, made.out]).toEqual([0, expect.stringContaining(`proves ${eventId}`)])
    const nowhere = { endpoint: 'http://127.0.0.1:9' }
    const check = (file: string) => type(['audit', 'verify-proof', file, '--keys', keys], nowhere)
    const checked = await check(proof)
    expect(checked.code).toBe(0)
    expect(checked.out).toMatch(new RegExp(`proven +${eventId}`))
    expect(checked.out).toMatch(new RegExp(`was in the log when +${day} was sealed`))
    writeFileSync(at('forged.json'), readFileSync(proof, 'utf8').replace('From before', 'Not as it was'))
    expect(await check(at('forged.json'))).toMatchObject({
      code: 1,
      error: expect.stringContaining('event_not_in_seal'),
    })
    writeFileSync(at('none.json'), '{"keys":[]}')
    const without = await type(['audit', 'verify-proof', proof, '--keys', at('none.json')], nowhere)
    expect(without).toMatchObject({ code: 1, error: expect.stringContaining('statement_key_unknown') })
    for (const words of [[], ['--keys', proof]])
      expect((await type(['audit', 'verify-proof', proof, ...words], nowhere)).code).toBe(2)
  })

  it('is told that no seal is over what happened just now', async () => {
    const { id } = await consumer(client, 'Of today')
    const [event] = await auditLog(client, { entity: id })
    const proved = await type(['audit', 'prove', event?.id ?? ''])
    expect(proved).toMatchObject({ code: 1, error: expect.stringContaining('event_not_sealed') })
  })

  it('takes the log away, as signed tokens or as it stands, into a file that nobody else reads', async () => {
    const range = ['--from', noon.toISOString(), '--to', new Date(noon.getTime() + 1_000).toISOString()]
    const exported = async (format: string) => {
      const file = at(`log.${format}`)
      const words = ['audit', 'export', '--format', format, ...range, '--output', file]
      const { code, out } = await type(words)
      const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
      expect([code, out]).toEqual([0, expect.stringContaining(`${lines.length} event`)])
      expect(statSync(file).mode & 0o777).toBe(0o600)
      return lines
    }
    const events = (await exported('jsonl')).map((line) => JSON.parse(line) as { readonly id: string })
    expect(events.map(({ id }) => id)).toContain(eventId)
    const tokens = await exported('set')
    expect(tokens).toHaveLength(events.length)
    for (const token of tokens) expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
  })

  it('follows what happens, a line to an event', async () => {
    const followed = await consumer(client, 'Who is followed')
    const begun = new Date(services.clock().getTime() - 60_000).toISOString()
    const words = ['audit', 'tail', '--from', begun, '--entity', followed.id, '--json']
    const enough = ['consumer.registered', 'consumer.suspended']
    const tail = type(words, { enough })
    done(await client.consumers.suspend(followed.id))
    const { code, out } = await tail
    expect(code).toBe(0)
    const types = out.trimEnd().split('\n')
    expect(types.map((line) => (JSON.parse(line) as { readonly type: string }).type)).toEqual(enough)
  })

  it('is told which event was changed by hand, and exits with 1', async () => {
    const [event] = await auditLog(client, { entity: subject })
    const place = { kind: 'consumer', id: subject, version: 1 } as const
    const undo = await world.tamper.event(place, () => JSON.stringify({ ...event, actor: 'con_forged' }))
    const { code, out } = await type(['audit', 'verify'])
    await undo()
    expect(code).toBe(1)
    expect(out).toMatch(new RegExp(`${subject} +1 +${eventId} +sealed_event_changed`))
    expect(out).toContain('The log is NOT whole')
    expect((await type(['audit', 'verify'])).code).toBe(0)
  })
})
