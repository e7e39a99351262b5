import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '@countersign/cli'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { only } from '../support/only.ts'
import { callUrl, done, startWorld } from '../support/world.ts'
import { publish } from './given.ts'
import { DOCUMENT, post } from './sign-in.given.ts'

const REDIRECT = 'http://127.0.0.1:50123/callback'
const VERIFIER = 'a'.repeat(43)
/** The S256 challenge of the verifier (RFC 7636 §4.2). */
const CHALLENGE = 'ZtNPunH49FD35FWYhT5Tv8I7vRKQJ8uxMaL0_9eHjNA'

const STORY = "this machine's own OpenID provider"
const WHY = 'it is a part of the platform on one machine; elsewhere people sign in at their own'

only('local', WHY, STORY, () =>
  describe(STORY, async () => {
    const world = await startWorld()
    const folder = mkdtempSync(join(tmpdir(), 'countersign-'))
    afterAll(async () => {
      await world.stop()
      rmSync(folder, { recursive: true, force: true })
    })
    const { signIn: issuer } = world.platform
    const people = join(world.credentialFile, '../people.yaml')
    const before = readFileSync(people, 'utf8')
    beforeEach(() => writeFileSync(people, before))
    await publish(world.client, 'tenancies', { document: DOCUMENT })
    const rules = [{ group: 'housing-officers', routes: ['GET /api/v1/tenancies'] }]
    done(await world.client.apis.changeRules('tenancies', 'staging', { rules }))
    await world.settled()

    const REQUEST = {
      ...{ response_type: 'code', client_id: 'countersign-cli', redirect_uri: REDIRECT },
      ...{ scope: 'openid email', state: 's-1', nonce: 'n-1' },
      ...{ code_challenge: CHALLENGE, code_challenge_method: 'S256' },
    }
    const page = (changed: Readonly<Record<string, string>> = {}, headers = {}) =>
      fetch(`${issuer}/authorize?${new URLSearchParams({ ...REQUEST, ...changed })}`, {
        redirect: 'manual',
        headers,
      })
    const choose = (person: string, changed: Readonly<Record<string, string>> = {}, headers = {}) =>
      fetch(`${issuer}/authorize`, {
        ...{ method: 'POST', redirect: 'manual', headers },
        body: new URLSearchParams({ ...REQUEST, ...changed, person }),
      })
    const locationOf = (response: Response) => new URL(response.headers.get('location') ?? 'none:')
    const codeFor = async (person = 'ada') => locationOf(await choose(person)).searchParams.get('code') ?? ''
    const collect = async (code: string, changed: Readonly<Record<string, string>> = {}) => {
      const form = { grant_type: 'authorization_code', code, client_id: 'countersign-cli' }
      const body = new URLSearchParams({
        ...{ ...form, redirect_uri: REDIRECT, code_verifier: VERIFIER },
        ...changed,
      })
      const response = await fetch(`${issuer}/token`, { method: 'POST', body })
      return (await response.json()) as { readonly id_token?: string; readonly error?: string }
    }

    it('says of itself what OpenID Connect Discovery asks for', async () => {
      const response = await fetch(`${issuer}/.well-known/openid-configuration`)
      expect(await response.json()).toMatchObject({
        issuer,
        code_challenge_methods_supported: ['S256'],
        id_token_signing_alg_values_supported: ['RS256'],
      })
    })

    it('shows a page that lists the people, needs no script, and lets nobody frame it', async () => {
      const response = await page()
      const html = await response.text()
      expect(response.status).toBe(200)
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(html).toContain('<html lang="en">')
      expect(html).toContain('<strong>Ada Lovelace</strong>')
      expect(html).not.toContain('<script')
    })

    it('writes what it was given as text, never as markup', async () => {
      const html = await (await page({ state: '"><script>alert(1)</script>' })).text()
      expect(html).not.toContain('<script')
    })

    it('sends a code back with the state, and whose it is', async () => {
      const { searchParams, origin, pathname } = locationOf(await choose('ada'))
      expect(`${origin}${pathname}`).toBe(REDIRECT)
      expect(Object.fromEntries(searchParams)).toMatchObject({ state: 's-1', iss: issuer })
    })

    it.each([
      ['of an unknown client', { client_id: 'stranger' }],
      ['to another host', { redirect_uri: 'https://evil.example/callback' }],
      ['to another path', { redirect_uri: 'http://127.0.0.1:50123/other' }],
      ['to a longer path', { redirect_uri: `${REDIRECT}/more` }],
      ['to a name in place of the address', { redirect_uri: 'http://localhost:50123/callback' }],
      ['with a user in the address', { redirect_uri: 'http://x@127.0.0.1:50123/callback' }],
    ])('redirects nobody who comes %s', async (_, changed) => {
      const response = await page(changed)
      expect([response.status, response.headers.get('location')]).toEqual([400, null])
      expect((await choose('ada', changed)).status).toBe(400)
    })

    it.each([
      ['no challenge', { code_challenge: '' }, 'invalid_request'],
      ['a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
      ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
      ['no openid', { scope: 'email' }, 'invalid_scope'],
    ])('refuses a request with %s', async (_, changed, error) => {
      expect(locationOf(await page(changed)).searchParams.get('error')).toBe(error)
      const chosen = locationOf(await choose('ada', changed)).searchParams
      expect([chosen.get('error'), chosen.get('code')]).toEqual([error, null])
    })

    it('takes the form from its own page alone, and speaks to nobody under another name', async () => {
      expect((await choose('ada', {}, { origin: 'https://evil.example' })).status).toBe(400)
      expect((await choose('nobody')).status).toBe(400)
      const called = await callUrl(issuer, { path: '/jwks.json', rawHeaders: ['host', 'evil.example'] })
      expect(called.status).toBe(421)
    })

    it('gives an ID token for a code, once', async () => {
      const code = await codeFor()
      const { id_token = '' } = await collect(code)
      const claims = JSON.parse(Buffer.from(id_token.split('.')[1] ?? '', 'base64url').toString())
      expect(claims).toMatchObject({
        ...{ iss: issuer, aud: 'countersign-cli', sub: 'ada', nonce: 'n-1' },
        ...{ email: 'ada@example.org', email_verified: true, hd: 'example.org' },
      })
      expect(await collect(code)).toEqual({ error: 'invalid_grant' })
    })

    it.each([
      ['another verifier', { code_verifier: 'b'.repeat(43) }],
      ['a short verifier', { code_verifier: 'a' }],
      ['another redirect URI', { redirect_uri: 'http://127.0.0.1:50124/callback' }],
      ['another client', { client_id: 'stranger' }],
    ])('gives none for %s, and the code is spent', async (_, changed) => {
      const code = await codeFor()
      expect(await collect(code, changed)).toEqual({ error: 'invalid_grant' })
      expect(await collect(code)).toEqual({ error: 'invalid_grant' })
    })

    it('forgets a code after a minute', async () => {
      let now = new Date()
      const later = await startWorld({ clock: () => now })
      try {
        const { signIn } = later.platform
        const body = new URLSearchParams({ ...REQUEST, person: 'ada' })
        const chosen = await fetch(`${signIn}/authorize`, { method: 'POST', redirect: 'manual', body })
        const code = locationOf(chosen).searchParams.get('code') ?? ''
        now = new Date(now.getTime() + 60_001)
        const form = { grant_type: 'authorization_code', code, client_id: 'countersign-cli' }
        const asked = new URLSearchParams({ ...form, redirect_uri: REDIRECT, code_verifier: VERIFIER })
        const answered = await fetch(`${signIn}/token`, { method: 'POST', body: asked })
        expect(await answered.json()).toEqual({ error: 'invalid_grant' })
      } finally {
        await later.stop()
      }
    })

    it('lets nobody in who is suspended, and says so', async () => {
      writeFileSync(
        people,
        before.replace('email: ada@example.org', 'email: ada@example.org\n    suspended: true'),
      )
      expect(locationOf(await choose('ada')).searchParams.get('error')).toBe('access_denied')
    })

    /** What a person sees of the command, who opens the address it prints and clicks on somebody. */
    const typed = async (argv: readonly string[], person?: string) => {
      const told = { out: '', error: '' }
      const terminal = {
        out: (chunk: string | Uint8Array) => {
          told.out += String(chunk)
        },
        error: (text: string) => {
          told.error += text
          const [address] = /http:\/\/\S+\/authorize\?\S+/.exec(text) ?? []
          if (address && person) void click(address, person)
        },
        input: async () => '',
        interactive: false,
        environment: { COUNTERSIGN_ENDPOINT: world.api },
        now: () => new Date(),
      }
      return { code: await run(argv, terminal), ...told }
    }
    const click = async (address: string, person: string) => {
      const html = await (await fetch(address)).text()
      const hidden = [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)]
      const form = new URLSearchParams(
        Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, unescaped(value)])),
      )
      form.set('person', person)
      await fetch(new URL('/authorize', address), { method: 'POST', body: form }) // and back to the command
    }
    const unescaped = (text: string) =>
      text.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))

    it('lets a person sign in with the command, call an API, and sign out', async () => {
      const file = join(folder, 'session.token')
      const words = ['sign-in', '--issuer', issuer, '--session-file', file]
      const { code, out, error } = await typed(words, 'ada')
      expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('housing-officers') })
      const token = readFileSync(file, 'utf8').trim()
      expect(out + error).not.toContain(token)
      expect(statSync(file).mode & 0o777).toBe(0o600)
      const path = '/abc123/staging/api/v1/tenancies'
      expect((await world.call({ path, token })).status).toBe(200)
      expect((await typed(['sign-out', '--session-file', file])).code).toBe(0)
      expect((await world.call({ path, token })).status).toBe(401)
    })

    it('takes what a group opened from a session at the refresh after the file said so', async () => {
      const file = join(folder, 'grace.token')
      await typed(['sign-in', '--issuer', issuer, '--session-file', file], 'grace')
      const token = readFileSync(file, 'utf8').trim()
      const path = '/abc123/staging/api/v1/tenancies'
      writeFileSync(people, before.replace('groups: [housing-officers]', 'groups: []'))
      expect((await world.call({ path, token })).status).toBe(200)
      await world.run('RefreshSessions')
      expect((await world.call({ path, token })).status).toBe(403)
    })

    it('keeps no file, and says why, when nobody could be signed in', async () => {
      const file = join(folder, 'none.token')
      const nobody = 'http://127.0.0.1:9'
      expect((await typed(['sign-in', '--issuer', nobody, '--session-file', file])).code).toBe(3)
      writeFileSync(people, before.replace('id: ada', 'id: ada\n    suspended: true'))
      const { code, error } = await typed(['sign-in', '--issuer', issuer, '--session-file', file], 'ada')
      expect({ code, error }).toMatchObject({ code: 1, error: expect.stringContaining('access_denied') })
      expect(() => statSync(file)).toThrow('ENOENT')
    })

    it('vouches with keys that are its own: the token of another provider opens nothing', async () => {
      const other = await startWorld()
      try {
        const { id_token = '' } = await collect(await codeFor())
        const form = {
          ...{ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: id_token },
          subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
        }
        expect((await post(world, '/oauth/token', form)).status).toBe(200)
        expect((await post(other, '/oauth/token', form)).body.code).toBe('id_token_issuer_unknown')
      } finally {
        await other.stop()
      }
    })
  }),
)
