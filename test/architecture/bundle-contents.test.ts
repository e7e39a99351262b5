import type { Link } from '@countersign/topology'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { BUNDLING, FUNCTIONS } from '../support/bundling.ts'
import { ROOT } from './sources.ts'

const DYNAMODB = '@aws-sdk/client-dynamodb'
const SECRETS = '@aws-sdk/client-secrets-manager'
const SQS = '@aws-sdk/client-sqs'

/** What a link is reached with. Where there is nothing, a signed `fetch` does, or no AWS is behind it. */
const CLIENTS: Readonly<Record<Link, readonly string[]>> = {
  'ledger:read': [DYNAMODB],
  'ledger:list': [DYNAMODB],
  'ledger:log': [DYNAMODB],
  'ledger:days': [DYNAMODB],
  'ledger:write': [DYNAMODB],
  'ledger:append': [DYNAMODB],
  'ledger:probe': [DYNAMODB],
  'access:read': [DYNAMODB],
  'access:write': [DYNAMODB],
  'bus:publish': ['@aws-sdk/client-eventbridge', SQS],
  'key-ring:read': [SECRETS],
  'key-ring:rotate': [SECRETS],
  'seal-keys:read': [SECRETS],
  'seal-keys:rotate': [SECRETS],
  'api-keys:derive': [SECRETS],
  'usage-plans:provision': ['@aws-sdk/client-api-gateway'],
  'consumer-keys:read': [SECRETS],
  'consumer-keys:rotate': [SECRETS],
  'identities:read': [SECRETS],
  'queues:inspect': [SQS],
  'queues:redrive': [SQS],
  'authorizer-caches:flush': [],
  'authorizer:admit': [],
  'webhooks:enqueue': [SQS],
  'webhooks:postpone': [SQS],
  'webhooks:sign': [SECRETS],
  'webhooks:reach': [],
}

const DOCUMENTS = ['@seriousme/openapi-schema-validator', 'ajv', 'yaml']
const SIGNATURES = ['@noble/curves', '@noble/post-quantum']
const IDENTITIES = ['jose']

/** They have a ring of keys, and only look at it. */
const SIGNING_NOTHING =
  /\/(?:explain-decision|introspect-token|list-signing-keys|revoke-credential|show-json-web-keys)$/

/** Some way above what they are: the clients and libraries are held one by one. With all of them it was 1.3 MB. */
const LARGEST_BYTES = 760_000
const LARGEST_WITH_DOCUMENTS_BYTES = 960_000

const EVERYTHING = 'packages/functions/src/runtime/connect'

/** Whole and in one go: what a function can come to load is in its bundle, and what none of its code reaches is not. */
const { metafile } = await build({
  ...BUNDLING,
  splitting: false,
  entryPoints: Object.fromEntries(
    [...FUNCTIONS.keys(), EVERYTHING].map((module) => [module, `${module}.ts`]),
  ),
  absWorkingDir: ROOT,
  outdir: 'never-written',
  write: false,
  metafile: true,
  logLevel: 'silent',
})

/** The packages of others whose code is in the bundle of a module, and its size. */
const bundleOf = (module: string) => {
  const output = metafile.outputs[`never-written/${module}.mjs`]
  if (!output) throw new Error(`${module} was not bundled`)
  const kept = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  const names = kept.flatMap(([path]) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [])
  return { bytes: output.bytes, libraries: new Set(names) }
}

const clientsIn = (libraries: ReadonlySet<string>) =>
  new Set([...libraries].filter((name) => name.startsWith('@aws-sdk/client-')))

const has = (libraries: ReadonlySet<string>, names: readonly string[]) =>
  names.filter((name) => libraries.has(name))

const functions = [...FUNCTIONS.values()].filter(({ module }) => !module.includes('/authorizer/'))

/** Every library is read at every start of a function, whether it is used or not. */
describe.each(functions)('the bundle of $module', ({ module, links, files = [] }) => {
  const { bytes, libraries } = bundleOf(module)
  const readsDocuments = files.length > 0

  it('has the SDK clients of its links, and no others', () => {
    expect(clientsIn(libraries)).toEqual(new Set(links.flatMap((link) => CLIENTS[link])))
  })

  it('has the validator of OpenAPI documents where documents are read, and nowhere else', () => {
    expect(has(libraries, DOCUMENTS)).toEqual(readsDocuments ? DOCUMENTS : [])
  })

  it('has the libraries that sign where something is signed, and nowhere else', () => {
    const hasKeys = links.some((link) => /^(?:key-ring|seal-keys|consumer-keys):/.test(link))
    const signs = hasKeys && !SIGNING_NOTHING.test(module)
    expect(has(libraries, SIGNATURES)).toEqual(signs ? SIGNATURES : [])
  })

  it('has the verifier of ID tokens where identities are asked for, and nowhere else', () => {
    expect(has(libraries, IDENTITIES)).toEqual(links.includes('identities:read') ? IDENTITIES : [])
  })

  it('is small', () => {
    expect(bytes).toBeGreaterThan(100_000)
    expect(bytes).toBeLessThan(readsDocuments ? LARGEST_WITH_DOCUMENTS_BYTES : LARGEST_BYTES)
  })
})

/** As it is deployed: the bytes of all files that are read before the first event, and the modules of Node among them. */
const startOf = async (module: string) => {
  const { metafile } = await build({
    ...BUNDLING,
    entryPoints: { bundle: `${module}.ts` },
    absWorkingDir: ROOT,
    outdir: 'never-written',
    write: false,
    metafile: true,
  })
  const read = new Set(['never-written/bundle.mjs'])
  const external = new Set<string>()
  for (const file of read)
    for (const { path, kind, external: isOutside } of metafile.outputs[file]?.imports ?? [])
      if (kind === 'import-statement') (isOutside ? external : read).add(path)
  const bytes = [...read].reduce((sum, file) => sum + (metafile.outputs[file]?.bytes ?? 0), 0)
  return { bytes, external }
}

/** Beyond the bytes, `node:http` is what costs most: imported, it brings all of `fetch` along. */
describe.each([
  'packages/functions/src/http/issue-token',
  'packages/functions/src/subscribers/project-access',
  'packages/functions/src/streams/relay',
  'packages/functions/src/rotation/rotate-key-ring',
])('the start of %s', async (module) => {
  const { bytes, external } = await startOf(module)

  it('reads its own code, and the schemas, and no adapter', () => {
    expect(bytes).toBeGreaterThan(50_000)
    expect(bytes).toBeLessThan(200_000)
  })

  it('loads nothing of Node that an adapter needs', () => {
    expect(external.has('node:crypto')).toBe(true)
    expect([...external].filter((name) => /^node:(?:https?|http2|child_process|os)$/.test(name))).toEqual([])
  })
})

describe('a bundle of everything', () => {
  it('is told apart: it has the client of every link', () => {
    const { libraries } = bundleOf(EVERYTHING)
    expect(clientsIn(libraries)).toEqual(new Set(Object.values(CLIENTS).flat()))
    expect(has(libraries, IDENTITIES)).toEqual(IDENTITIES)
  })
})
