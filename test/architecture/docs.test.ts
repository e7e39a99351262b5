import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { run } from '@countersign/cli'
import { catalog, type EventOf, hubEvents, isEventType, parseEvent } from '@countersign/core/events'
import { describe, expect, it } from 'vitest'
import { asyncApi, asyncApiText } from '../support/docs/asyncapi.ts'
import { attributes } from '../support/docs/envelope.ts'
import { exampleEvents } from '../support/docs/examples.ts'
import {
  blocksOf,
  brokenLink,
  codeSpansOf,
  commandsOf,
  headingsOf,
  linksOf,
  wordsOf,
} from '../support/docs/markdown.ts'
import { withReadModelParts } from '../support/docs/read-model-parts.ts'
import { generatedDocs } from '../support/write-generated-docs.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const pages = [
  ...['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
  .filter((path) => existsSync(join(root, path)))
  .toSorted((a, b) => (a < b ? -1 : 1))

describe('the generated documents', () => {
  it.each([...generatedDocs().keys()])('%s is what `pnpm run docs` writes today', (path) => {
    expect(read(path)).toBe(generatedDocs().get(path))
  })

  it('docs/read-model.md comes back whole when its generated parts are emptied', () => {
    const page = read('docs/read-model.md')
    const emptied = page.replaceAll(/(<!-- generated: .+ -->)[\s\S]*?(<!-- end -->)/g, '$1$2')
    expect(emptied.length).toBeLessThan(page.length)
    expect(withReadModelParts(emptied)).toBe(page)
  })
})

const parsedExample = (value: unknown): string => {
  const type = (value as { readonly type?: unknown }).type
  if (typeof type !== 'string' || !isEventType(type)) throw new Error('an example without a type')
  const event = parseEvent(value)
  if (!event.ok) throw new Error(`the example of ${type}: ${event.error.detail}`)
  return type
}

const isEnvelope = (value: unknown): boolean => Object.hasOwn(value as object, 'specversion')

describe('the examples of events', () => {
  const onPage = blocksOf(read('docs/events.md')).map(({ text }): unknown => JSON.parse(text))

  it('are one for every type, and each parses', () => {
    expect(onPage.filter(isEnvelope).map(parsedExample)).toEqual(Object.keys(catalog))
  })

  it('of the API Hub are one for every type, and each parses', () => {
    const found = onPage.filter((value) => !isEnvelope(value))
    const schemas = Object.values(hubEvents)
    expect(found.map((value, index) => schemas[index]?.safeParse(value).success)).toEqual(
      schemas.map(() => true),
    )
  })

  it('name the attributes an event must have: without one of them it is refused', () => {
    const [event] = exampleEvents
    const without = (name: keyof EventOf) =>
      parseEvent(Object.fromEntries(Object.entries(event ?? {}).filter(([member]) => member !== name))).ok
    for (const [name, { optional }] of attributes)
      expect([name, without(name)]).toEqual([name, optional === true])
  })
})

describe('the AsyncAPI document', () => {
  const document = JSON.parse(JSON.stringify(asyncApi())) as Record<string, unknown>

  it('reads as YAML what was written', () => {
    const requireFromCore = createRequire(join(root, 'packages/core/package.json'))
    const yaml = requireFromCore('yaml') as { parse(text: string): unknown }
    expect(yaml.parse(asyncApiText())).toEqual(document)
  })

  it('refers only to what it holds', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)]
    const target = (path: string) =>
      path.split('/').reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], document)
    expect(references.length).toBeGreaterThan(50)
    expect(references.map(([, path = '']) => path).filter((path) => target(path) === undefined)).toEqual([])
  })
})

const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> }
const known = new Set([...Object.keys(scripts), 'install'])

/** Commands of pnpm's own, which hide a script of the same name unless it is called with `run`. */
const SHADOWED: ReadonlySet<string> = new Set(['audit', 'deploy', 'docs', 'pipeline', 'publish'])

const scriptsIn = (command: string) =>
  [...command.matchAll(/(?:^|[\s'])(?:npx -y pnpm@12|pnpm) (run )?([a-z]+)/g)].map(
    ([, said = '', script = '']) => ({ said, script }),
  )

describe.each(pages)('%s', (page) => {
  const text = read(page)

  it('links to files and headings that exist', () => {
    expect(linksOf(text).flatMap((link) => brokenLink(root, page, link) ?? [])).toEqual([])
  })

  it('names only scripts that package.json has, as pnpm runs them', () => {
    const named = [...commandsOf(text), ...codeSpansOf(text)].flatMap(scriptsIn)
    expect(named.filter(({ script }) => !known.has(script))).toEqual([])
    expect(named.filter(({ script, said }) => SHADOWED.has(script) && said !== 'run ')).toEqual([])
  })

  it('quotes only commands that the command line understands', async () => {
    const refused: string[] = []
    for (const command of [...commandsOf(text), ...codeSpansOf(text)]) {
      const words = cliWords(command)
      if (words) refused.push(...(await refusal(words)))
    }
    expect(refused).toEqual([])
  })
})

/** What follows `countersign` in a command; undefined for other commands, and for the bare name. */
const cliWords = (command: string): readonly string[] | undefined => {
  const [, rest] = /^(?:(?:npx -y pnpm@12|pnpm) )?countersign ((?!\.\.\.|…|COMMAND).+)$/.exec(command) ?? []
  return rest === undefined ? undefined : wordsOf(rest)
}

/** Asked for its help, a command reads its words and does nothing else. */
const refusal = async (words: readonly string[]): Promise<readonly string[]> => {
  const said: string[] = []
  const code = await run([...words, '--help'], {
    out: () => {},
    error: (line) => void said.push(line),
    input: async () => '',
    interactive: false,
    environment: {},
    now: () => new Date(0),
  })
  return code === 0 ? [] : [`${words.join(' ')}: ${said.join('')}`]
}

describe('docs/follow-one-token.md', () => {
  it('has the steps of its executable twin, in its order', () => {
    const twin = read('test/acceptance/follow-one-token.test.ts')
    const steps = [...twin.matchAll(/^ {2}it\((['"])(\d+\. .+?)\1,/gm)].map(([, , title = '']) => title)
    const headings = headingsOf(read('docs/follow-one-token.md')).filter((heading) => /^\d/.test(heading))
    expect(steps.length).toBeGreaterThan(5)
    expect(headings).toEqual(steps)
  })
})

describe('the checks of documents', () => {
  it('tell a script from the command of pnpm that hides it', () => {
    expect(scriptsIn('npx -y pnpm@12 run docs')).toEqual([{ said: 'run ', script: 'docs' }])
    expect(scriptsIn('pnpm docs')).toEqual([{ said: '', script: 'docs' }])
  })

  const page = 'docs/runbook.md'

  it.each(['nowhere.md', 'events.md#no-such-heading', '../package.json#L9999', '#no-such-heading'])(
    'find the link %s broken',
    (link) => {
      expect(brokenLink(root, page, link)).toContain(link)
    },
  )

  it.each(['events.md', 'events.md#the-envelope', '../package.json#L2', '#who-did-what', 'decisions/'])(
    'find the link %s good',
    (link) => {
      expect(brokenLink(root, page, link)).toBeUndefined()
    },
  )

  it.each(['tokens forget tok_1', 'tokens revoke tok_1 --because compromised'])(
    'find that there is no command "%s"',
    async (command) => {
      expect(await refusal(wordsOf(command))).not.toEqual([])
    },
  )

  it('find commands in blocks: prompts, comments and continued lines', () => {
    const text =
      "```console\n$ countersign audit list\nTIME\n```\n```sh\n# first\npnpm test \\\n  'a b' # all\n```\n"
    expect(commandsOf(text)).toEqual(['countersign audit list', "pnpm test 'a b'"])
    expect(wordsOf(`a --b='c d' "e f"`)).toEqual(['a', '--b=c d', 'e f'])
  })
})
