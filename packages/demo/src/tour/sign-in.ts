import { createHash, randomBytes } from 'node:crypto'
import { expect } from '../tell.ts'

const CLIENT = { client_id: 'countersign-cli', redirect_uri: 'http://127.0.0.1/callback' }

const random = (): string => randomBytes(32).toString('base64url')

/** What a browser and an application do together (authorization code flow with PKCE); the person is chosen on the page. */
export const signInAs = async (
  person: string,
  issuer: string,
): Promise<{ readonly idToken: string; readonly nonce: string }> => {
  const [verifier, nonce] = [random(), random()]
  const asked = {
    ...{ ...CLIENT, response_type: 'code', scope: 'openid email', nonce },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }
  const page = await fetch(`${issuer}/authorize?${new URLSearchParams(asked)}`)
  expect((await page.text()).includes(`value="${person}"`), `the sign-in page does not list ${person}`)
  const chosen = await send(`${issuer}/authorize`, { ...asked, person })
  const code = new URL(chosen.headers.get('location') ?? 'none:').searchParams.get('code')
  expect(code !== null, `${person} was not let in by the provider`)
  const spent = { ...CLIENT, grant_type: 'authorization_code', code, code_verifier: verifier }
  const { id_token } = (await (await send(`${issuer}/token`, spent)).json()) as { readonly id_token?: string }
  expect(id_token !== undefined, 'the provider gave no ID token')
  return { idToken: id_token, nonce }
}

const send = (url: string, form: Readonly<Record<string, string>>): Promise<Response> =>
  fetch(url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })
