import { describe, expect, it } from 'vitest'
import { codeOf, importsOf, manifestOf, packages, sources, sourcesIn, targetOf } from './sources.ts'

/** Which package may know of which; nothing but `stacks/` and the tests know of all. */
const MAY_USE: Readonly<Record<string, readonly string[]>> = {
  core: [],
  topology: ['core'],
  aws: ['core'],
  functions: ['core', 'topology', 'aws'],
  local: ['core', 'topology', 'functions'],
  client: ['core'],
  cli: ['client'],
  console: ['client'],
  demo: ['client', 'local'],
}

/** Siblings in core never import each other. */
const BUSINESS = [
  'usage-plan',
  'revocation',
  'lockdown',
  'api-key',
  'token',
  'consumer',
  'registry',
  'signing-key',
  'access',
  'usage',
  'audit',
  'ledger',
  'session',
  'decision-log',
  'webhook',
]

const nameOf = (folder: string) => folder.replace('packages/', '')
const ownPackagesIn = (folder: string) => {
  const { dependencies = {}, devDependencies = {} } = manifestOf(folder)
  return Object.keys({ ...dependencies, ...devDependencies }).filter((name) =>
    name.startsWith('@countersign/'),
  )
}

describe('the directions between packages', () => {
  it.each(packages)('%s depends on no package but those it may know of', (folder) => {
    const allowed = MAY_USE[nameOf(folder)]?.map((name) => `@countersign/${name}`)
    expect(allowed).toBeDefined()
    expect(allowed).toEqual(expect.arrayContaining(ownPackagesIn(folder)))
  })

  it.each(packages)(
    '%s imports no package that its manifest does not name, and never past its exports',
    (folder) => {
      const { name, dependencies = {} } = manifestOf(folder)
      const known = new Set([...Object.keys(dependencies), name])
      const imports = sourcesIn(folder).flatMap(importsOf)
      expect(imports.length + sourcesIn(folder).length).toBeGreaterThan(0)
      const strangers = imports.filter((one) => {
        const target = targetOf(one)
        if (target !== undefined) return !target.startsWith(`${folder}/`)
        if (one.to.startsWith('node:') || (one.typeOnly && one.to === 'aws-lambda')) return false
        const [scope = '', rest] = one.to.split('/')
        return !known.has(scope.startsWith('@') ? `${scope}/${rest}` : scope)
      })
      expect(strangers).toEqual([])
    },
  )

  it('only packages/aws imports the AWS SDK', () => {
    const users = sources.filter((source) =>
      importsOf(source).some(({ to }) => /^@(?:aws-sdk|smithy)\//.test(to)),
    )
    expect(users.length).toBeGreaterThan(0)
    expect(users.map(({ path }) => path).filter((path) => !path.startsWith('packages/aws/'))).toEqual([])
  })

  it('functions meet the adapters where connectors are, and in the deployment, nowhere else', () => {
    const joins = sourcesIn('packages/functions').filter((source) =>
      importsOf(source).some(({ to }) => to.startsWith('@countersign/aws')),
    )
    expect(joins.length).toBeGreaterThan(0)
    const there =
      /^packages\/functions\/src\/(?:runtime\/(?:connectors\/[\w-]+|(?:[\w-]+\/)?connect(?:ed|-[\w-]+))|deployment\/[\w-]+)\.ts$/
    expect(joins.map(({ path }) => path).filter((path) => !there.test(path))).toEqual([])
  })

  /** What a barrel exports as one name is in the bundle as a whole, however little of it is used. */
  it('functions and adapters take a module of core by itself, not by the name that its barrel gives it', () => {
    const taken = [...sourcesIn('packages/functions'), ...sourcesIn('packages/aws')].flatMap(importsOf)
    const barrels = BUSINESS.filter((name) => name !== 'ledger').map((name) => `@countersign/core/${name}`)
    expect(taken.some(({ to, typeOnly }) => typeOnly && barrels.includes(to))).toBe(true)
    expect(taken.filter(({ to, typeOnly }) => !typeOnly && barrels.includes(to))).toEqual([])
  })

  it('the topology brings nothing to run: it imports types alone', () => {
    const imports = sourcesIn('packages/topology').flatMap(importsOf)
    expect(imports.length).toBeGreaterThan(0)
    expect(imports.filter((one) => !one.typeOnly && targetOf(one) === undefined)).toEqual([])
  })

  it('the command line and the console reach the platform through its HTTP API alone', () => {
    const imports = [...sourcesIn('packages/cli'), ...sourcesIn('packages/console')].flatMap(importsOf)
    const own = imports.filter(({ to }) => to.startsWith('@countersign/'))
    expect(own.length).toBeGreaterThan(0)
    expect(own.filter(({ to }) => !to.startsWith('@countersign/client'))).toEqual([])
  })

  it('nothing imports the stacks, and the stacks name no event and no handler file', () => {
    expect(
      sourcesIn('packages')
        .flatMap(importsOf)
        .filter((one) => targetOf(one)?.startsWith('stacks')),
    ).toEqual([])
    const named = sourcesIn('stacks').filter((source) =>
      /['"`](?:token|consumer|api|signing-key|key-ring)\.[a-z-]+['"`]|functions\/src\/(?:http|subscribers|streams)/.test(
        codeOf(source),
      ),
    )
    expect(named.map(({ path }) => path)).toEqual([])
  })
})

describe('the directions inside core', () => {
  const moduleOf = (path: string) => path.split('/')[3] ?? ''
  const edges = sourcesIn('packages/core').flatMap((source) =>
    importsOf(source).flatMap((one) => {
      const target = targetOf(one)
      return target === undefined ? [] : [[moduleOf(source.path), moduleOf(target)] as const]
    }),
  )

  it('shared knows nobody, events know shared', () => {
    expect(edges.filter(([from, to]) => from === 'shared' && to !== 'shared')).toEqual([])
    expect(edges.filter(([from, to]) => from === 'events' && !['shared', 'events'].includes(to))).toEqual([])
  })

  it.each(BUSINESS)('%s knows shared and events, and none of its siblings', (name) => {
    const known = edges.filter(([from]) => from === name).map(([, to]) => to)
    expect(['shared', 'events', name]).toEqual(expect.arrayContaining([...new Set(known)]))
  })

  it('has no module that is not in this list', () => {
    const modules = new Set(edges.map(([from]) => from))
    expect(['shared', 'events', ...BUSINESS]).toEqual(expect.arrayContaining([...modules]))
  })
})
