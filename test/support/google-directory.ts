import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { exportPKCS8, generateKeyPair, jwtVerify } from 'jose'

export interface Member {
  readonly id: string
  readonly primaryEmail: string
  readonly suspended?: boolean
  readonly groups: readonly string[]
}

export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly authorization: string | undefined
  readonly form: URLSearchParams
}

/** Google's token endpoint and Directory API, as far as the platform uses them, in the shapes that were recorded from them. */
export interface GoogleDirectory {
  readonly url: string
  /** A service account's key file, as Google's console hands it out. */
  readonly serviceAccount: string
  readonly members: Map<string, Member>
  readonly asked: Asked[]
  /** Groups of one page; Google takes 200 at most. */
  pageSize: number
  /** Answers in place of the next ones, oldest first; `undefined` breaks the connection. */
  readonly instead: ({ readonly status: number; readonly headers?: Record<string, string> } | undefined)[]
  answers(yes: boolean): void
  /** Takes back every access token. */
  forgetTokens(): void
  close(): Promise<void>
}

export const CLIENT_EMAIL = 'countersign@directory-readers.iam.gserviceaccount.com'
export const ADMINISTRATOR = 'admin@example.org'

/** As `groups.list` says it: much more than is asked for. */
const groupOf = (id: string) => ({
  kind: 'admin#directory#group',
  id,
  etag: '"abc"',
  email: `${id}@example.org`,
  name: `The group ${id}`,
  directMembersCount: '3',
  description: '',
  adminCreated: true,
})

const ERROR = (code: number, reason: string) => ({
  error: { code, message: reason, errors: [{ message: reason, domain: 'global', reason }] },
})

export const startGoogleDirectory = async (): Promise<GoogleDirectory> => {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const members = new Map<string, Member>()
  const asked: Asked[] = []
  const instead: GoogleDirectory['instead'] = []
  const tokens = new Set<string>()
  let answering = true
  const directory = { pageSize: 200 }

  const token = async ({ form }: Asked) => {
    const { payload } = await jwtVerify(form.get('assertion') ?? '', publicKey, {
      issuer: CLIENT_EMAIL,
      subject: ADMINISTRATOR,
      audience: `${url}/token`,
    })
    const isGrant = form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer'
    const scopes = String(payload.scope).split(' ')
    if (!isGrant || scopes.length !== 2 || scopes.some((scope) => !scope.endsWith('.readonly')))
      return { status: 400, body: { error: 'invalid_grant', error_description: 'Bad Request' } }
    const access_token = `ya29.${crypto.randomUUID()}`
    tokens.add(access_token)
    return { status: 200, body: { access_token, expires_in: 3599, token_type: 'Bearer' } }
  }
  const user = ({ path }: Asked) => {
    const member = members.get(decodeURIComponent(path.split('/').at(-1) ?? ''))
    if (!member) return { status: 404, body: ERROR(404, 'notFound') }
    const { primaryEmail, suspended = false } = member
    return { status: 200, body: { primaryEmail, suspended, archived: false } }
  }
  const groups = ({ query }: Asked) => {
    const all = members.get(query.get('userKey') ?? '')?.groups ?? []
    const start = Number(query.get('pageToken') ?? 0)
    const page = all.slice(start, start + directory.pageSize)
    const next = start + page.length < all.length ? { nextPageToken: String(start + page.length) } : {}
    const found = page.length > 0 ? { groups: page.map(groupOf) } : {}
    return { status: 200, body: { kind: 'admin#directory#groups', etag: '"x"', ...found, ...next } }
  }
  const answer = async (one: Asked): Promise<{ status: number; body: unknown }> => {
    if (one.method === 'POST' && one.path === '/token') return token(one)
    const isKnown = tokens.has((one.authorization ?? '').replace(/^Bearer /, ''))
    if (!isKnown) return { status: 401, body: ERROR(401, 'authError') }
    if (one.path.startsWith('/admin/directory/v1/users/')) return user(one)
    return one.path === '/admin/directory/v1/groups'
      ? groups(one)
      : { status: 404, body: ERROR(404, 'notFound') }
  }
  const server = createServer(async (request, response) => {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://localhost')
    const { method = '', headers } = request
    const one = {
      method,
      path,
      query,
      authorization: headers.authorization,
      form: new URLSearchParams(await text(request)),
    }
    asked.push(one)
    if (!answering || instead.length > 0) {
      const told = answering ? instead.shift() : { status: 503 }
      if (!told) return void response.destroy()
      response.writeHead(told.status, told.headers).end('{}')
      return
    }
    const { status, body } = await answer(one).catch(() => ({
      status: 400,
      body: { error: 'invalid_grant' },
    }))
    response
      .writeHead(status, { 'content-type': 'application/json; charset=UTF-8' })
      .end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const serviceAccount = JSON.stringify({
    type: 'service_account',
    project_id: 'directory-readers',
    private_key_id: 'a1b2c3',
    private_key: await exportPKCS8(privateKey),
    client_email: CLIENT_EMAIL,
    client_id: '1',
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: `${url}/token`,
    universe_domain: 'googleapis.com',
  })
  return Object.assign(directory, {
    ...{ url, serviceAccount, members, asked, instead },
    answers: (yes: boolean) => {
      answering = yes
    },
    forgetTokens: () => tokens.clear(),
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  })
}
