import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GroupDirectory } from '@countersign/core/session'
import { err, ok, Redacted } from '@countersign/core/shared'
import { claimDirectory } from '@countersign/functions/runtime/identity/claim-directory'
import {
  type GoogleDirectoryOptions,
  googleDirectory,
} from '@countersign/functions/runtime/identity/google-directory'
import { fileDirectory, peopleFile } from '@countersign/local'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  ADMINISTRATOR,
  type GoogleDirectory,
  type Member,
  startGoogleDirectory,
} from '../support/google-directory.ts'

let google: GoogleDirectory
const folder = mkdtempSync(join(tmpdir(), 'countersign-'))
beforeAll(async () => {
  google = await startGoogleDirectory()
})
afterAll(async () => {
  await google.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Stands still while a test asks; Google's stand-in has the real one. */
let now: number
/** Milliseconds between attempts, in place of waiting for them. */
let waits: number[]
beforeEach(() => {
  now = Date.now()
  waits = []
})
afterEach(() => {
  google.members.clear()
  google.asked.length = 0
  google.instead.length = 0
  google.pageSize = 200
})

const ada: Member = {
  id: '1001',
  primaryEmail: 'ada@example.org',
  groups: ['03dy6vkm2mjx8zd', '01ksv4uv0abcdef'],
}
const inGoogle = (changed: Partial<Member> = {}) => google.members.set(ada.id, { ...ada, ...changed })

const askingGoogle = (changed: Partial<GoogleDirectoryOptions> = {}): GroupDirectory =>
  googleDirectory({
    serviceAccount: async () => new Redacted(google.serviceAccount),
    impersonate: ADMINISTRATOR,
    directoryUrl: google.url,
    hostedDomains: ['example.org'],
    clock: () => new Date(now),
    sleep: async (milliseconds) => void waits.push(milliseconds),
    ...changed,
  })

const who = { id: ada.id, email: ada.primaryEmail }

const CLAIM = 'a claim of the ID token'

/** Each adapter, with one person in it. */
const ADAPTERS: Readonly<Record<string, (member: Member) => () => ReturnType<GroupDirectory['groupsOf']>>> = {
  "Google's Directory API": (member) => {
    google.members.set(member.id, member)
    const directory = askingGoogle()
    return () => directory.groupsOf(who)
  },
  'a YAML file': ({ id, primaryEmail, groups, suspended = false }) => {
    const file = join(folder, 'people.yaml')
    const people = [{ id, name: 'Ada Lovelace', email: primaryEmail, groups, suspended }]
    writeFileSync(file, JSON.stringify({ people })) // which is YAML, too
    const directory = fileDirectory(peopleFile(file))
    return () => directory.groupsOf(who)
  },
  [CLAIM]: ({ groups }) => {
    const directory = claimDirectory('roles')
    return () => directory.groupsOf({ ...who, claims: { roles: groups, groups: ['of another claim'] } })
  },
}

describe.each(Object.entries(ADAPTERS))('the groups of a person in %s', (_, given) => {
  it('are all there are, by their stable ids', async () => {
    const groups = Array.from({ length: 450 }, (_, index) => `group-${index}`)
    expect(await given({ ...ada, groups })()).toEqual(ok(groups))
  })

  it('are none for who is a member of nothing', async () => {
    expect(await given({ ...ada, groups: [] })()).toEqual(ok([]))
  })
})

describe.each(Object.entries(ADAPTERS).filter(([name]) => name !== CLAIM))(
  'the groups of an account in %s',
  (_, given) => {
    it('are not told when it is suspended, or unknown', async () => {
      expect(await given({ ...ada, suspended: true })()).toEqual(err('account_suspended'))
      google.members.clear()
      expect(await given({ ...ada, id: '1002' })()).toEqual(err('account_unknown'))
    })
  },
)

describe('a claim', () => {
  it.each([undefined, 'admins', { 0: 'admins' }, null, 7])('of %j names no group', async (roles) => {
    expect(await claimDirectory('roles').groupsOf({ ...who, claims: { roles } })).toEqual(ok([]))
  })

  it('is none that every object has', async () => {
    expect(await claimDirectory('constructor').groupsOf({ ...who, claims: {} })).toEqual(ok([]))
  })
})

describe('a file of people', () => {
  const directoryOf = (text: string) => {
    const file = join(folder, 'other.yaml')
    writeFileSync(file, text)
    return fileDirectory(peopleFile(file))
  }

  it('is read anew with every question', async () => {
    const text = (groups: string) =>
      `people: [{id: '1001', name: Ada, email: ada@example.org, groups: ${groups}}]`
    const directory = directoryOf(text('[a]'))
    expect(await directory.groupsOf(who)).toEqual(ok(['a']))
    directoryOf(text('[b]'))
    expect(await directory.groupsOf(who)).toEqual(ok(['b']))
  })

  it.each([
    ['half a file', 'people: ['],
    ['a misspelt member', "people: [{id: '1001', name: Ada, email: a@example.org, group: [a]}]"],
    [
      'two people of one id',
      "people: [{id: '1', name: A, email: a@b.org}, {id: '1', name: B, email: b@b.org}]",
    ],
  ])('that is %s gives no answer, and says which file', async (_, text) => {
    await expect(directoryOf(text).groupsOf(who)).rejects.toThrow('other.yaml cannot be read')
  })
})

describe("Google's Directory API", () => {
  const asked = () =>
    google.asked.map(({ method, path, query }) => `${method} ${path}${query.size ? `?${query}` : ''}`)

  it('is asked for the account and then for every page of its groups, by the id that never changes', async () => {
    inGoogle({ groups: ['a', 'b', 'c'] })
    google.pageSize = 2
    expect(await askingGoogle().groupsOf(who)).toEqual(ok(['a', 'b', 'c']))
    expect(asked()).toEqual([
      'POST /token',
      'GET /admin/directory/v1/users/1001?projection=basic&fields=primaryEmail%2Csuspended%2Carchived',
      'GET /admin/directory/v1/groups?userKey=1001&maxResults=200&fields=nextPageToken%2Cgroups%28id%29',
      'GET /admin/directory/v1/groups?userKey=1001&maxResults=200&fields=nextPageToken%2Cgroups%28id%29&pageToken=2',
    ])
  })

  it('refuses an account of another domain, whatever its groups', async () => {
    inGoogle({ primaryEmail: 'ada@evil.example' })
    expect(await askingGoogle().groupsOf(who)).toEqual(err('account_of_other_domain'))
    expect(await askingGoogle({ hostedDomains: undefined }).groupsOf(who)).toEqual(ok(ada.groups))
  })

  it('gets one access token for all who ask, and another a minute before it ends', async () => {
    inGoogle()
    const directory = askingGoogle()
    await Promise.all(Array.from({ length: 5 }, () => directory.groupsOf(who)))
    const tokens = () => asked().filter((one) => one === 'POST /token').length
    expect(tokens()).toBe(1)
    now += (3_599 - 61) * 1_000
    await directory.groupsOf(who)
    expect(tokens()).toBe(1)
    now += 2_000
    await directory.groupsOf(who)
    expect(tokens()).toBe(2)
  })

  it('gets another access token when the one it has was taken back', async () => {
    inGoogle()
    const directory = askingGoogle()
    await directory.groupsOf(who)
    google.forgetTokens()
    expect(await directory.groupsOf(who)).toEqual(ok(ada.groups))
  })

  it('is asked again for what may pass, after as long as it says, within reason', async () => {
    inGoogle()
    const directory = askingGoogle()
    google.instead.push({ status: 429, headers: { 'retry-after': '1' } }, undefined)
    expect(await directory.groupsOf(who)).toEqual(ok(ada.groups))
    google.instead.push({ status: 503, headers: { 'retry-after': '3600' } }, { status: 500 })
    expect(await directory.groupsOf(who)).toEqual(ok(ada.groups))
    expect(waits).toEqual([1_000, 400, 2_000, 400])
  })

  it.each([
    ['does not answer three times', 503],
    ['sends somewhere else, where the credential must not go', 302],
  ])('that %s has no answer', async (_, status) => {
    inGoogle()
    google.instead.push(...Array.from({ length: 3 }, () => ({ status, headers: { location: google.url } })))
    await expect(askingGoogle().groupsOf(who)).rejects.toThrow(`${google.url} cannot be asked`)
    expect(asked()).toEqual(['POST /token', 'POST /token', 'POST /token'])
  })

  it('has no answer when it refuses the service account, and says why without a byte of its key', async () => {
    const error = await askingGoogle({ impersonate: 'somebody@example.org' })
      .groupsOf(who)
      .catch((one: unknown) => one)
    expect(String(error)).toMatch(/no access token, the answer was 400: invalid_grant$/)
    expect(asked()).toEqual(['POST /token'])
  })

  it.each(['half of a k', '{}', JSON.stringify({ type: 'service_account', private_key: 'secret bytes' })])(
    'has no answer for a key that is %j, and shows nothing of it',
    async (text) => {
      const error = await askingGoogle({ serviceAccount: async () => new Redacted(text) })
        .groupsOf(who)
        .catch((one: unknown) => one)
      expect(String(error)).toContain("the service account's key cannot be read")
      expect(String(error)).not.toContain('secret bytes')
      expect(asked()).toEqual([])
    },
  )

  it('has no answer whose pages have no end', async () => {
    inGoogle()
    google.pageSize = 0
    await expect(askingGoogle().groupsOf(who)).rejects.toThrow('no end of pages')
  })

  it.each([{ groups: 'all' }, { groups: [{}] }, [], 'ok', null])('has no answer in %j', async (body) => {
    const answers = [{ access_token: 'a', expires_in: 60 }, { primaryEmail: ada.primaryEmail }, body]
    const fetch = async () => Response.json(answers.shift())
    await expect(askingGoogle({ fetch }).groupsOf(who)).rejects.toThrow()
  })
})
