import {
  authorizer,
  inboxes,
  logSubscriptions,
  type Runs,
  rotations,
  routes,
  schedules,
  simpleAuthorizer,
  streams,
} from '@countersign/topology'
import type { BuildOptions } from 'esbuild'

/** What SST's command puts before every bundle (`pkg/runtime/node` of SST). */
const BANNER = [
  `import { createRequire as topLevelCreateRequire } from 'module';`,
  'const require = topLevelCreateRequire(import.meta.url);',
  `import { fileURLToPath as topLevelFileUrlToPath, URL as topLevelURL } from "url"`,
  'const __filename = topLevelFileUrlToPath(import.meta.url)',
  `const __dirname = topLevelFileUrlToPath(new topLevelURL(".", import.meta.url))`,
].join('\n')

const tables: readonly Readonly<Record<string, Runs>>[] = [
  routes,
  inboxes,
  streams,
  schedules,
  rotations,
  logSubscriptions,
  { authorizer, simpleAuthorizer },
]

/** Every function of the topology, by its module. */
export const FUNCTIONS: ReadonlyMap<string, Runs> = new Map(
  tables.flatMap((table) => Object.values(table)).map((runs) => [runs.module, runs]),
)

/** As SST's command bundles a function. */
export const BUNDLING = {
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'es2024',
  mainFields: ['module', 'main'],
  keepNames: true,
  external: ['sharp', 'pg-native'],
  minify: true,
  banner: { js: BANNER },
  outExtension: { '.js': '.mjs' },
} as const satisfies BuildOptions
