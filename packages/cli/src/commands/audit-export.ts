import type { Client, Outcome, Page, Paging } from '@countersign/client'
import { eachPage } from '@countersign/client'
import { refuse } from '../answer.ts'
import type { Command } from '../command.ts'
import { openNewFile } from '../files.ts'
import { counted } from './token-view.ts'

const FORMATS = ['set', 'jsonl'] as const
const PAGE = 100

export const auditExport: Command = {
  name: 'audit export',
  summary: 'Writes the log, a line to an event: signed Security Event Tokens, or JSON as it stands',
  details: [
    'set: Security Event Tokens (RFC 8417) in the terms of CAEP 1.0, signed, in compact form. The published keys',
    'verify them ("countersign keys jwks"). A repeated export has the same "jti" for the same event.',
    'jsonl: each event as the log tells it.',
  ].join('\n'),
  options: {
    format: { value: 'FORMAT', help: 'set or jsonl', required: true },
    from: { value: 'INSTANT', help: 'from then on, such as 2026-01-31T00:00:00Z' },
    to: { value: 'INSTANT', help: 'before then' },
    audience: { value: 'NAME', help: 'with set: whom it is for ("aud"); the platform itself unless given' },
    output: { value: 'FILE', help: 'a new file that only you can read; stdout unless given' },
  },
  run: async (context) => {
    const { given, terminal } = context
    const range = { from: given.text('from'), to: given.text('to'), limit: PAGE }
    const format = given.oneOf('format', FORMATS)
    const lines = linesOf(await context.client(), format, { ...range, audience: given.text('audience') })
    const name = given.text('output')
    const file = name === undefined ? undefined : await openNewFile(name)
    let count = 0
    try {
      for await (const page of lines) {
        if (!page.ok) return refuse(context, page.error)
        count += page.value.length
        const text = page.value.map((line) => `${line}\n`).join('')
        if (file) await file.write(text)
        else terminal.out(text)
      }
    } finally {
      await file?.close()
    }
    if (name !== undefined) terminal.out(`${counted(count, 'event')} in ${name}.\n`)
    return 0
  },
}

interface Range extends Paging {
  readonly from: string | undefined
  readonly to: string | undefined
  readonly audience: string | undefined
}

type Lines = AsyncGenerator<
  Extract<Outcome<never>, { readonly ok: false }> | { readonly ok: true; readonly value: readonly string[] }
>

async function* linesOf({ audit }: Client, format: (typeof FORMATS)[number], range: Range): Lines {
  const { audience, ...query } = range
  const load = (cursor: string | undefined): Promise<Outcome<Page<unknown>>> =>
    format === 'set'
      ? audit.securityEvents({ ...query, audience, cursor })
      : audit.events({ ...query, cursor })
  for await (const page of eachPage(load)) {
    if (!page.ok) {
      yield page
      return
    }
    const { items } = page.value.body
    yield { ok: true, value: items.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))) }
  }
}
