import { readFile, symlink } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { build } from 'esbuild'
import type { Evaluation, Inputs, Resource } from './evaluation.ts'

/** The little of Pulumi's runtime and of SST that is used here; both come out of the bundle made below. */
interface Bundle {
  readonly pulumi: {
    readonly runtime: {
      setMocks(mocks: Mocks, project: string, stack: string, preview: boolean): Promise<void>
      getMonitor(): { registerResource: (request: Request, ...rest: unknown[]) => unknown }
      runInPulumiStack(program: () => unknown): Promise<Inputs | undefined>
      waitForRPCs(): Promise<void>
      unwrapRpcSecret(value: unknown): unknown
    }
    output(value: unknown): { promise(): Promise<unknown> }
  }
  readonly run: (program: unknown) => unknown
  readonly config: { app(input: { stage: string }): unknown; run: unknown }
}

/** What became of a resource: its id, and its inputs and outputs. */
export interface Created {
  readonly id: string
  readonly state: Inputs
}

interface Mocks {
  newResource(args: {
    type: string
    name: string
    inputs: Inputs
    id?: string
    custom?: boolean
  }): Promise<Created>
  call(args: { token: string; inputs: Inputs }): Inputs
}

interface Request {
  getType(): string
  getName(): string
  getRetainondelete(): boolean
  getProtect(): boolean
}

/** Who stands in for AWS, and for SST's command. What they throw ends the program. */
export interface Cloud {
  create(asked: Resource): Created | Promise<Created>
  /** A resource that is there already. */
  read(type: string, id: string, inputs: Inputs): Created | Promise<Created>
  /** A data source. */
  call(token: string, inputs: Inputs): Inputs
  /** `Runtime.Build` of SST's command: bundles a function into a folder. */
  build(params: unknown): unknown
  /** The bucket that function bundles are put into. */
  readonly assets: string
}

const root = join(import.meta.dirname, '../..')
const platform = join(root, '.sst/platform')

/** What goes wrong inside SST or Pulumi may be thrown where nobody awaits it; the first of it ends the program. */
const failed = Promise.withResolvers<never>()
failed.promise.catch(() => {})
const loudly = async <T>(attempt: () => T | Promise<T>): Promise<T> => {
  try {
    return await attempt()
  } catch (error) {
    failed.reject(error)
    throw error
  }
}
const loudlyNow = <T>(attempt: () => T): T => {
  try {
    return attempt()
  } catch (error) {
    failed.reject(error)
    throw error
  }
}

type Answer = (params: unknown) => unknown

/** The part of SST's command that its components ask for. */
const commandOf = (cloud: Cloud): Readonly<Record<string, Answer>> => ({
  'Provider.Aws.Bootstrap': () => ({
    asset: cloud.assets,
    assetEcrRegistryId: '',
    assetEcrUrl: '',
    state: '',
  }),
  'Provider.Aws.Appsync': () => ({ http: '', realtime: '' }),
  'Runtime.AddTarget': () => null,
  'Runtime.Build': (params) => cloud.build(params),
})

const listen = async (answers: Readonly<Record<string, Answer>>): Promise<string> => {
  const server = createServer(async (request, response) => {
    const { method, params } = (await json(request)) as { method: string; params: readonly unknown[] }
    const result = await loudly(() => {
      const answer = answers[method]
      if (!answer) throw new Error(`the program calls ${method}, and nothing here answers it`)
      return answer(params[0])
    }).catch(() => null)
    response.end(JSON.stringify({ result }))
  })
  // Evaluating keeps this process from its sockets for seconds; one that was closed meanwhile must not be asked on.
  server.keepAliveTimeout = 10 * 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port to listen on')
  return `http://127.0.0.1:${address.port}`
}

const CJS_NAMES = [
  "import { createRequire as __createRequire } from 'node:module'",
  "import { fileURLToPath as __path } from 'node:url'",
  'const require = __createRequire(import.meta.url)',
  'const __filename = __path(import.meta.url)',
  "const __dirname = __path(new URL('.', import.meta.url))",
].join(';')

/** As SST's command does it: our files see `sst` and `aws` as globals, SST's are bundled, Pulumi's are not. */
const bundleProgram = (outfile: string) =>
  build({
    stdin: {
      resolveDir: root,
      sourcefile: 'evaluation.ts',
      loader: 'ts',
      contents: [
        "export * as pulumi from '@pulumi/pulumi'",
        `export { run } from '${platform}/src/auto/run.ts'`,
        `export { default as config } from '${root}/sst.config.ts'`,
      ].join('\n'),
    },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    banner: { js: CJS_NAMES },
    nodePaths: [join(platform, 'node_modules')],
    inject: [join(platform, 'src/shim/run.js')],
    external: [
      '@pulumi/*',
      '@pulumiverse/*',
      '@sst-provider/*',
      '@aws-sdk/*',
      'undici',
      'archiver',
      'glob',
      'vite',
      'esbuild',
    ],
    define: { $app: 'globalThis.__app', $cli: 'globalThis.__cli', $dev: 'false' },
    plugins: [
      { name: 'sst-globals', setup: (b) => b.onLoad({ filter: /\.ts$/ }, ({ path }) => withGlobals(path)) },
    ],
    tsconfigRaw: '{}',
    logLevel: 'error',
  })

const withGlobals = async (path: string) => {
  if (!path.startsWith(join(root, 'stacks')) && path !== join(root, 'sst.config.ts')) return undefined
  const globals = `import * as aws from '@pulumi/aws'; import * as sst from '${platform}/src/components';`
  return { contents: `${globals}\n${await readFile(path, 'utf8')}`, loader: 'ts' as const }
}

/** Evaluates `sst.config.ts` with SST's real components. `work` is an empty folder of this run's own. */
const evaluate = async (stage: string, work: string, cloud: Cloud): Promise<Outcome> => {
  const rpc = await listen(commandOf(cloud))
  const outfile = join(work, 'program.mjs')
  await symlink(join(platform, 'node_modules'), join(work, 'node_modules'))
  await bundleProgram(outfile)
  const app = { name: '', stage }
  const paths = { home: work, root, work, platform }
  Object.assign(globalThis, {
    __app: app,
    __cli: { command: 'deploy', rpc: `${rpc}/rpc`, paths, state: { version: {} } },
  })
  process.env.SST_SERVER = rpc
  const { pulumi, run, config }: Bundle = await import(outfile)
  Object.assign(app, config.app({ stage }))
  await setMocks(pulumi, stage, cloud)
  const returned = await pulumi.runtime.runInPulumiStack(() => run(config.run))
  await pulumi.runtime.waitForRPCs()
  const outputs = plainly(pulumi)(await pulumi.output(returned ?? {}).promise()) as Inputs
  return { app: app as unknown as Evaluation['app'], outputs }
}

export type Outcome = Pick<Evaluation, 'app' | 'outputs'>

/** Inputs reach the mocks with the marks of secrets still on. */
const plainly = ({ runtime }: Bundle['pulumi']) => {
  const plain = (value: unknown): unknown => {
    const open = runtime.unwrapRpcSecret(value)
    if (Array.isArray(open)) return open.map(plain)
    if (open === null || typeof open !== 'object' || Object.getPrototypeOf(open) !== Object.prototype)
      return open
    return Object.fromEntries(Object.entries(open).map(([key, inner]) => [key, plain(inner)]))
  }
  return plain
}

const setMocks = async (pulumi: Bundle['pulumi'], stage: string, cloud: Cloud): Promise<void> => {
  const { runtime } = pulumi
  const plain = plainly(pulumi)
  const kept = new Map<string, Pick<Resource, 'retained' | 'protectedFromRemoval'>>()
  await runtime.setMocks(
    {
      newResource: async ({ type, name, inputs, id, custom }) => {
        if (!custom) return { id: '', state: inputs }
        const asked = plain(inputs) as Inputs
        if (id) return loudly(() => cloud.read(type, id, asked))
        const options = kept.get(`${type} ${name}`) ?? { retained: false, protectedFromRemoval: false }
        return loudly(() => cloud.create({ type, name, inputs: asked, ...options }))
      },
      call: ({ token, inputs }) => loudlyNow(() => cloud.call(token, plain(inputs) as Inputs)),
    },
    'countersign',
    stage,
    false,
  )
  const monitor = runtime.getMonitor()
  const register = monitor.registerResource.bind(monitor)
  monitor.registerResource = (request, ...rest) => {
    kept.set(`${request.getType()} ${request.getName()}`, {
      retained: request.getRetainondelete(),
      protectedFromRemoval: request.getProtect(),
    })
    return register(request, ...rest)
  }
}

/**
 * Runs `sst.config.ts` against a cloud. For a program of its own, which ends afterwards: SST changes the process it runs
 * in (globals, folder, unfinished promises).
 */
export const runProgram = (stage: string, work: string, cloud: Cloud): Promise<Outcome> => {
  process.on('unhandledRejection', failed.reject)
  return Promise.race([evaluate(stage, work, cloud), failed.promise])
}
