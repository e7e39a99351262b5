import { createClient, type SignedIn } from '@countersign/client'
import { Redacted } from '@countersign/client/redacted'
import { answer, refuse } from '../answer.ts'
import type { Command, Context, ExitCode } from '../command.ts'
import { checkUrl, endpointOf } from '../connect.ts'
import { openNewFile, readInput, tokenIn } from '../files.ts'
import { facts } from '../table.ts'
import { authorize, SignInFailure } from './authorization-code.ts'

/** A person's session: by a real sign-in at an OpenID provider, and out again. */
export const signInAndOut: readonly Command[] = [
  {
    name: 'sign-in',
    summary: 'Signs you in at an OpenID provider and keeps the session in a file',
    details:
      'Prints an address to open in a browser and waits for you to sign in there (authorization code flow with PKCE).\n' +
      'The ID token is exchanged for a session; what the session opens is said by access rules for your groups. Without\n' +
      "--issuer it is the platform's own provider on this machine. A client secret, where the provider gave one to an\n" +
      'application like this, is read from $COUNTERSIGN_CLIENT_SECRET.',
    options: {
      issuer: { value: 'URL', help: 'the OpenID provider; http://127.0.0.1:8789 unless given' },
      'client-id': { value: 'ID', help: 'registered there for this command; countersign-cli unless given' },
      'session-file': {
        value: 'FILE',
        help: 'a new file for the token; only you can read it',
        required: true,
      },
    },
    run: async (context) => {
      try {
        return await signIn(context)
      } catch (error) {
        if (!(error instanceof SignInFailure)) throw error
        return error.reachable
          ? complain(context, error)
          : refuse(context, { reason: 'unreachable', cause: error })
      }
    },
  },
  {
    name: 'sign-out',
    summary: 'Ends the session whose token a file holds, at once; or a token of your own, for good',
    options: {
      'session-file': { value: 'FILE', help: 'holds the token; - for stdin', required: true },
    },
    run: async (context) => {
      const file = context.given.required('session-file')
      const token = tokenIn(await readInput(file, context.terminal), file)
      const client = createClient({ endpoint: endpointOf(context.given, context.terminal) })
      return answer(context, await client.oauth.revoke(token.reveal()), () => 'Signed out.\n')
    },
  },
]

const complain = ({ terminal }: Context, { message }: SignInFailure): ExitCode => {
  terminal.error(`countersign: ${message}\n`)
  return 1
}

const signIn = async (context: Context): Promise<ExitCode> => {
  const { given, terminal } = context
  const issuer = given.text('issuer') ?? 'http://127.0.0.1:8789'
  checkUrl(issuer, '--issuer')
  const secret = terminal.environment.COUNTERSIGN_CLIENT_SECRET
  const client = createClient({ endpoint: endpointOf(given, terminal) })
  const file = await openNewFile(given.required('session-file'))
  try {
    const { idToken, nonce } = await authorize({
      issuer: issuer.replace(/\/$/, ''),
      clientId: given.text('client-id') ?? 'countersign-cli',
      ...(secret && { clientSecret: new Redacted(secret) }),
      tell: (url) => terminal.error(`Open this address in a browser to sign in:\n\n  ${url}\n\n`),
    })
    const exchanged = await client.oauth.exchange(idToken.reveal(), nonce)
    if (!exchanged.ok) return refuse(context, exchanged.error)
    const { body } = exchanged.value
    await file.write(`${body.access_token}\n`)
    const { access_token: _, ...shown } = body
    const told = { ...exchanged.value, text: JSON.stringify(shown) }
    return answer(context, { ok: true, value: told }, () => describe(body, given.required('session-file')))
  } finally {
    await file.close()
  }
}

const describe = ({ session_id, email, groups, expires_in }: SignedIn, file: string): string =>
  `Signed in.\n${facts({
    session: session_id,
    email,
    groups: groups.length === 0 ? 'none' : groups.join(', '),
    ends: `in ${Math.round(expires_in / 60)} minutes`,
    token: file,
  })}`
