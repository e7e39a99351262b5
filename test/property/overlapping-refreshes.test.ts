import { Access } from '@countersign/core/access'
import { type GroupDirectory, type Identities, Session } from '@countersign/core/session'
import { err, ok } from '@countersign/core/shared'
import { change, NOTHING } from '@countersign/functions/runtime/command'
import { loadSession, sessionShape } from '@countersign/functions/runtime/entities'
import { refreshSessions } from '@countersign/functions/runtime/session-refresh'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startWorld, type World } from '../support/world.ts'

type Told = Awaited<ReturnType<GroupDirectory['groupsOf']>>

let world: World
/** What the directory says, question by question; nothing is answered before it is there. */
let answers: (Promise<Told> | Told)[]
let asked: number
beforeEach(async () => {
  world = await startWorld()
  answers = []
  asked = 0
})
afterEach(() => world.stop())

const CONFIGURATION = Session.SignInSchema.parse({
  providers: [
    {
      name: 'directory',
      issuers: ['https://people.example'],
      jwksUrl: 'https://people.example/keys',
      clientIds: ['countersign'],
      groups: { from: 'file' },
    },
  ],
})

const identities: Identities = {
  configuration: () => CONFIGURATION,
  verify: async () => err('id_token_signature_invalid'),
  directoryOf: () => ({
    groupsOf: async () => {
      const answer = answers[asked++]
      if (!answer) throw new Error('nothing is said to this question')
      return answer
    },
  }),
}

const causeAt = (now: Date) => ({ actor: 'schedule', correlationId: 'refresh', now })

const refresh = () => refreshSessions({ ...world.services, identities }, causeAt(new Date()))

const SESSION = 'ses_00000000000000000000000000000001'

const started = async (groups: readonly string[]): Promise<void> => {
  const { ledger, newId } = world.services
  const cause = causeAt(new Date())
  const who = { provider: 'directory', subject: 'directory#1001', email: 'ada@example.org' }
  const facts = Session.start({ ...who, sessionId: SESSION, groups, kid: 'key_1', lifeSeconds: 900 }, cause)
  const { changes } = change(sessionShape, SESSION, NOTHING, facts, { newId, cause })
  const access = Access.refusalsOf(changes.flatMap(({ events }) => events))
  expect(await ledger.commit({ entities: changes, access })).toEqual(ok(undefined))
}

/** What the authorizer reads, and what the ledger holds. */
const groupsNow = async () => {
  const key = Access.sessionRowKey(SESSION)
  const row = (await world.services.accessRows.read([key])).get(key)
  const { state } = await loadSession(world.services.ledger, SESSION)
  expect(Access.sessionOf(row)?.groups).toEqual(state?.groups)
  return state?.status === 'live' ? state.groups : state?.status
}

const typesOf = async () => {
  const { items } = await world.services.ledger.events({ subject: SESSION, limit: 10, after: undefined })
  return items.map(({ type }) => type)
}

/** As another run that was told something else. */
const write = async (groups: readonly string[]): Promise<void> => {
  const { ledger, newId } = world.services
  const cause = causeAt(new Date())
  const loaded = await loadSession(ledger, SESSION)
  if (!loaded.state) throw new Error('it was started')
  const facts = Session.changeGroups(loaded.state, groups, cause)
  const { changes } = change(sessionShape, SESSION, loaded, facts, { newId, cause })
  const access = Access.refusalsOf(changes.flatMap(({ events }) => events))
  expect(await ledger.commit({ entities: changes, access })).toEqual(ok(undefined))
}

const gate = () => Promise.withResolvers<Told>()

describe('two refreshes at once', () => {
  it('leave what the one that asked last was told, though the first is answered after it', async () => {
    await started(['housing', 'payroll'])
    const late = gate()
    answers = [late.promise, ok(['housing']), ok(['housing']), ok(['housing'])]
    const first = refresh()
    await expect.poll(() => asked).toBe(1)
    expect(await refresh()).toEqual({ asked: 1, failed: 0, left: 0 })
    late.resolve(ok(['housing', 'payroll', 'staff'])) // as it was before payroll was left
    expect(await first).toEqual({ asked: 1, failed: 0, left: 0 })
    expect(await groupsNow()).toEqual(['housing'])
    expect([asked, await typesOf()]).toEqual([4, ['session.started', 'session.groups-changed']])
  })

  it('leave it too where the one that asked last found nothing to change', async () => {
    await started(['housing'])
    const late = gate()
    answers = [late.promise, ok(['housing']), ok(['housing']), ok(['housing'])]
    const first = refresh()
    await expect.poll(() => asked).toBe(1)
    expect(await refresh()).toEqual({ asked: 1, failed: 0, left: 0 })
    expect(await typesOf()).toEqual(['session.started'])
    late.resolve(ok(['housing', 'payroll'])) // as it was for a moment
    expect(await first).toEqual({ asked: 1, failed: 0, left: 0 })
    expect([asked, await groupsNow()]).toEqual([4, ['housing']])
  })

  it('never end a session because of what was said before somebody was let in again', async () => {
    await started(['housing'])
    const late = gate()
    answers = [late.promise, ...Array.from({ length: 3 }, () => ok(['housing', 'payroll']))]
    const first = refresh()
    await expect.poll(() => asked).toBe(1)
    await refresh()
    late.resolve(err('account_suspended'))
    await first
    expect(await groupsNow()).toEqual(['housing', 'payroll'])
  })

  it('never give a group back to a session that the other has ended', async () => {
    await started(['housing'])
    const late = gate()
    answers = [late.promise, err('account_suspended')]
    const first = refresh()
    await expect.poll(() => asked).toBe(1)
    await refresh()
    late.resolve(ok(['housing', 'payroll']))
    expect(await first).toEqual({ asked: 1, failed: 0, left: 0 })
    expect([asked, await groupsNow()]).toEqual([2, 'ended'])
  })
})

describe('a session that moves during every question', () => {
  it('is left as it is, and the run says that it failed', async () => {
    await started(['housing'])
    const others = [['a'], ['b'], ['c'], ['d']]
    answers = others.map(() => ok(['housing', 'old']))
    const watched: Identities = {
      ...identities,
      directoryOf: () => ({
        groupsOf: async () => {
          const answer = answers[asked] ?? ok([])
          await write(others[asked++] ?? [])
          return answer
        },
      }),
    }
    const refreshed = await refreshSessions({ ...world.services, identities: watched }, causeAt(new Date()))
    expect(refreshed).toEqual({ asked: 1, failed: 1, left: 0 })
    expect(await groupsNow()).toEqual(['d'])
  })
})
