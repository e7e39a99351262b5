import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeOf, ROOT, type Source, sources, sourcesIn } from './sources.ts'

const using = (among: readonly Source[], pattern: RegExp) =>
  among.filter((source) => pattern.test(codeOf(source))).map(({ path }) => path)

describe('core', () => {
  const core = sourcesIn('packages/core')

  it.each([
    ['the environment', /\bprocess\b/],
    ['the clock', /\bDate\.now\b|\bnew Date\(\)|\bperformance\b/],
    ['chance', /\bMath\.random\b|(?<!context\.)\brandomBytes\(|\brandomUUID\b|\bgetRandomValues\b/],
    ['the console', /\bconsole\./],
    ['the network', /\bfetch\(|node:https?|node:net/],
    ['files', /node:fs|node:child_process/],
    ['timers', /\bset(?:Timeout|Interval|Immediate)\b/],
    ['the AWS SDK', /@aws-sdk|@smithy/],
  ])('never uses %s', (_, pattern) => {
    expect(core.length).toBeGreaterThan(30)
    expect(using(core, pattern)).toEqual([])
  })
})

/** `Redacted` lets go of its value here and nowhere else; SECURITY.md says what for. */
const REVEALING = [
  'packages/aws/src/api-gateway-keys.ts',
  'packages/aws/src/secrets-manager-root-secret.ts',
  'packages/aws/src/secrets-manager-key-ring.ts',
  'packages/aws/src/sigv4.ts',
  'packages/cli/src/commands/authorization-code.ts',
  'packages/cli/src/commands/call.ts',
  'packages/cli/src/commands/keys.ts',
  'packages/cli/src/commands/sign-in.ts',
  'packages/client/src/transport.ts',
  'packages/core/src/api-key/value.ts',
  'packages/core/src/shared/derived.ts',
  'packages/core/src/webhook/signature.ts',
  'packages/core/src/signing-key/jws.ts',
  'packages/core/src/signing-key/ring.ts',
  'packages/core/src/signing-key/secret.ts',
  'packages/core/src/signing-key/sign.ts',
  'packages/functions/src/runtime/api-key-issuing.ts',
  'packages/functions/src/runtime/consumer-secret.ts',
  'packages/functions/src/runtime/explaining.ts',
  'packages/cli/src/commands/explain.ts',
  'packages/functions/src/http/exchange-token.ts',
  'packages/functions/src/runtime/credential-file.ts',
  'packages/functions/src/runtime/identity/google-directory.ts',
  'packages/functions/src/runtime/identity/identities.ts',
  'packages/functions/src/runtime/identity/service-account.ts',
  'packages/functions/src/runtime/issuing.ts',
  'packages/functions/src/http/list-security-events.ts',
  'packages/functions/src/runtime/sealing.ts',
  'packages/functions/src/runtime/sign-in.ts',
  'packages/functions/src/runtime/webhook-secret.ts',
  'packages/demo/src/tour/sign-request.ts',
  'packages/local/src/gateway/local-credentials.ts',
  'packages/local/src/gateway/signature.ts',
  'packages/local/src/gateway/test-people.ts',
  'packages/local/src/store/sqlite-root-secret.ts',
  'packages/local/src/store/sqlite-gateway-keys.ts',
  'packages/local/src/store/sqlite-key-ring.ts',
]

describe('what is redacted', () => {
  it('is revealed in the files that are named here, and in no other', () => {
    expect(new Set(using(sources, /\.reveal\(/))).toEqual(new Set(REVEALING))
  })

  it.runIf(existsSync(join(ROOT, 'SECURITY.md')))(
    'is revealed nowhere that SECURITY.md does not tell of',
    () => {
      const text = readFileSync(join(ROOT, 'SECURITY.md'), 'utf8')
      const told = [...text.matchAll(/^\| `(packages\/[^`]+)`\s*\|/gm)].map(([, path = '']) => path)
      expect(new Set(told)).toEqual(new Set(REVEALING))
    },
  )
})

describe('the code', () => {
  it('knows no `any`', () => {
    expect(using(sources, /:\s*any\s*[;,)=\]}|&]|\bas any\b|<any\b|\bany\[\]|\bany>/)).toEqual([])
  })

  it('prints nothing on the way: only programs write to their own streams', () => {
    const printing = using(sources, /\bconsole\.\w+\(|\bprocess\.std(?:out|err)\b/)
    const programs = /\/main\.ts$|-program\.ts$|\/process-terminal\.ts$|\/runtime\/process-services\.ts$/
    expect(printing.filter((path) => !programs.test(path))).toEqual([])
  })

  it('has no file that nobody can take in', () => {
    const long = sources.filter(({ text }) => text.split('\n').length > 300)
    expect(long.map(({ path }) => path)).toEqual([])
  })

  it('is named for what it is', () => {
    const catchAll = /\/(?:utils?|helpers?|common|misc)\.ts$/
    expect(sources.filter(({ path }) => catchAll.test(path)).map(({ path }) => path)).toEqual([])
    expect(using(sources, /\b(?:class|interface|type|const) \w*(?:Manager|Helper|Util|Impl)\b/)).toEqual([])
  })

  it('leaves nothing for later in a comment', () => {
    const marks = new RegExp(
      `\\b(?:${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')}|${['HA', 'CK'].join('')})\\b`,
    )
    expect(sources.filter(({ text }) => marks.test(text)).map(({ path }) => path)).toEqual([])
  })
})
