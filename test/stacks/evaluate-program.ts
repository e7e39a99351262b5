/**
 * `node evaluate-program.ts STAGE FOLDER`: evaluates `sst.config.ts` with SST's real components and writes the resource
 * graph to `FOLDER/evaluation.json`. It is a program of its own because SST changes the process it runs in: globals, folder, unfinished promises.
 */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { build } from 'esbuild'
import type { Build, Evaluation, Inputs, Resource } from './evaluation.ts'
import { answered, created } from './pretend-aws.ts'

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

interface Mocks {
  newResource(args: { type: string; name: string; inputs: Inputs; id?: string; custom?: boolean }): {
    id: string
    state: Inputs
  }
  call(args: { token: string; inputs: Inputs }): Inputs
}

interface Request {
  getType(): string
  getName(): string
  getRetainondelete(): boolean
  getProtect(): boolean
}

const [stage = '', work = ''] = process.argv.slice(2)
const root = join(import.meta.dirname, '../..')
const platform = join(root, '.sst/platform')

const bundled = join(work, 'function')
const outfile = join(work, 'program.mjs')

/** What goes wrong inside SST or Pulumi may be thrown where nobody awaits it; the first of it ends the evaluation. */
const failed = Promise.withResolvers<never>()
process.on('unhandledRejection', failed.reject)
const loudly = <T>(attempt: () => T): T => {
  try {
    return attempt()
  } catch (error) {
    failed.reject(error)
    throw error
  }
}

const builds: Build[] = []

/** The functions are bundled by SST's command, which is not here: an empty stand-in takes each one's place. */
const ANSWERS: Readonly<Record<string, (params: unknown) => unknown>> = {
  'Provider.Aws.Bootstrap': () => ({ asset: 'assets', assetEcrRegistryId: '', assetEcrUrl: '', state: '' }),
  'Provider.Aws.Appsync': () => ({ http: '', realtime: '' }),
  'Runtime.AddTarget': () => null,
  'Runtime.Build': (params) => {
    builds.push(params as Build)
    return { out: bundled, handler: 'bundle.handler', errors: [], sourcemaps: [] }
  },
}

const listen = async (): Promise<string> => {
  const server = createServer(async (request, response) => {
    const { method, params } = (await json(request)) as { method: string; params: readonly unknown[] }
    const answer = ANSWERS[method]
    if (!answer) return failed.reject(new Error(`the program calls ${method}, and nothing here answers it`))
    response.end(JSON.stringify({ result: answer(params[0]) }))
  })
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
const bundleProgram = () =>
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

const evaluate = async (): Promise<Evaluation> => {
  const rpc = await listen()
  await mkdir(bundled)
  await symlink(join(platform, 'node_modules'), join(work, 'node_modules'))
  await writeFile(join(bundled, 'bundle.mjs'), '')
  await bundleProgram()
  const app = { name: '', stage }
  const paths = { home: work, root, work, platform }
  Object.assign(globalThis, {
    __app: app,
    __cli: { command: 'deploy', rpc: `${rpc}/rpc`, paths, state: { version: {} } },
  })
  process.env.SST_SERVER = rpc
  const { pulumi, run, config }: Bundle = await import(outfile)
  Object.assign(app, config.app({ stage }))

  const { runtime } = pulumi
  const plain = (value: unknown): unknown => {
    const open = runtime.unwrapRpcSecret(value)
    if (Array.isArray(open)) return open.map(plain)
    if (open === null || typeof open !== 'object' || Object.getPrototypeOf(open) !== Object.prototype)
      return open
    return Object.fromEntries(Object.entries(open).map(([key, inner]) => [key, plain(inner)]))
  }
  const resources: Resource[] = []
  const kept = new Map<string, Pick<Resource, 'retained' | 'protectedFromRemoval'>>()
  await runtime.setMocks(
    {
      newResource: ({ type, name, inputs, id, custom }) => {
        if (!custom) return { id: '', state: inputs }
        if (id) return { id, state: inputs }
        const asked = plain(inputs) as Inputs
        const options = kept.get(`${type} ${name}`) ?? { retained: false, protectedFromRemoval: false }
        resources.push({ type, name, inputs: asked, ...options })
        return created(type, name, asked)
      },
      call: ({ token, inputs }) => loudly(() => answered(token, plain(inputs) as Inputs)),
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
  const returned = await runtime.runInPulumiStack(() => run(config.run))
  await runtime.waitForRPCs()
  const outputs = plain(await pulumi.output(returned ?? {}).promise()) as Inputs
  return { app: app as unknown as Evaluation['app'], resources, builds, outputs }
}

try {
  const evaluation = await Promise.race([evaluate(), failed.promise])
  await writeFile(join(work, 'evaluation.json'), JSON.stringify(evaluation))
  process.exit(0)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
}
