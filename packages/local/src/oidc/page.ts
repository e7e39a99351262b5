import { createHash } from 'node:crypto'
import type { GatewayResponse } from '../gateway/message.ts'
import type { LocalPerson } from './people.ts'

const escaped = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`)

const STYLE = `
:root { color-scheme: light dark; font: 1.05rem/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 34rem; padding: 2rem 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
ul { list-style: none; margin: 1.5rem 0; padding: 0; }
li + li { margin-top: .75rem; }
button { background: none; border: 1px solid currentColor; border-radius: .5rem; color: inherit; cursor: pointer;
  font: inherit; padding: .75rem 1rem; text-align: start; width: 100%; }
button:hover { border-color: #1d70b8; box-shadow: inset 0 0 0 1px #1d70b8; }
button:focus-visible { outline: 3px solid #1d70b8; outline-offset: 2px; }
button strong { display: block; }
code { overflow-wrap: anywhere; }
`

const HASH = createHash('sha256').update(STYLE).digest('base64')

/** Whoever frames the page, or has it send the answer elsewhere, gets nothing. */
const html = (status: number, title: string, body: string, formActions: string): GatewayResponse => ({
  status,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${HASH}'; form-action ${formActions}; frame-ancestors 'none'; base-uri 'none'`,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  },
  body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${body}
</main>
</body>
</html>
`,
})

export interface LoginPage {
  readonly people: readonly LocalPerson[]
  readonly clientId: string
  /** The origin that the answer goes to. */
  readonly destination: string
  /** The request, to be sent back with the choice. */
  readonly request: ReadonlyMap<string, string>
  readonly file: string
}

/** One button for each person: there are no passwords on this machine. */
export const loginPage = ({ people, clientId, destination, request, file }: LoginPage): GatewayResponse => {
  const hidden = [...request].map(
    ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
  )
  const body = `<p>Continue to <strong>${escaped(clientId)}</strong> as one of the people of this machine.</p>
<form method="post" action="/authorize">
${hidden.join('\n')}
<ul aria-label="People">
${people.map(choice).join('\n')}
</ul>
</form>
<p>The people are listed in <code>${escaped(file)}</code>.</p>`
  return html(200, 'Sign in', body, `'self' ${destination}`)
}

const choice = ({ id, name, email, groups, suspended }: LocalPerson): string => {
  const member = groups.length > 0 ? groups.join(', ') : 'no groups'
  const state = suspended ? ' (suspended)' : ''
  return `<li><button type="submit" name="person" value="${escaped(id)}"><strong>${escaped(name)}${state}</strong>${escaped(email)}<br>${escaped(member)}</button></li>`
}

export const errorPage = (why: string): GatewayResponse =>
  html(400, 'Sign-in is not possible', `<p role="alert">${escaped(why)}</p>`, "'none'")
