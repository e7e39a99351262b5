import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

const FENCE = /^(```+)([a-z]*)[^\n]*\n([\s\S]*?)^\1[ ]*$/gm

export interface Block {
  readonly language: string
  readonly text: string
}

export const blocksOf = (page: string): readonly Block[] =>
  [...page.matchAll(FENCE)].map(([, , language = '', text = '']) => ({ language, text }))

const withoutBlocks = (page: string): string => page.replaceAll(FENCE, '')

/** Inline code, outside of blocks. */
export const codeSpansOf = (page: string): readonly string[] =>
  [...withoutBlocks(page).matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text)

/** Targets of links that stay inside the repository. */
export const linksOf = (page: string): readonly string[] =>
  [...withoutBlocks(page).matchAll(/\]\(([^()\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))

export const headingsOf = (page: string): readonly string[] =>
  [...withoutBlocks(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, text = '']) => text)

/** As GitHub makes them: lower case, without punctuation, hyphens for spaces, counted when repeated. */
export const anchorsOf = (page: string): ReadonlySet<string> => {
  const anchors = new Set<string>()
  for (const heading of headingsOf(page)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-')
    let unique = anchor
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`
    anchors.add(unique)
  }
  return anchors
}

/** Why a link of a page leads nowhere; undefined when it leads somewhere. Paths are from the root. */
export const brokenLink = (root: string, page: string, link: string): string | undefined => {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : normalize(join(dirname(page), decodeURIComponent(path)))
  const file = join(root, target)
  if (!existsSync(file)) return `${page}: ${link}: there is no ${target}`
  if (anchor === undefined || statSync(file).isDirectory()) return undefined
  return hasAnchor(readFileSync(file, 'utf8'), target, anchor)
    ? undefined
    : `${page}: ${link}: ${target} has no #${anchor}`
}

const hasAnchor = (text: string, path: string, anchor: string): boolean => {
  const line = /^L(\d+)$/.exec(anchor)?.[1]
  if (line !== undefined) return Number(line) >= 1 && Number(line) <= text.split('\n').length
  return path.endsWith('.md') && anchorsOf(text).has(anchor)
}

/** Commands in a page's shell blocks: continued lines joined, prompts and comments taken off, answers left out. */
export const commandsOf = (page: string): readonly string[] =>
  blocksOf(page).flatMap(({ language, text }) => {
    const lines = text.replaceAll(/\s*\\\n\s*/g, ' ').split('\n')
    if (language === 'console')
      return lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2))
    if (language !== 'sh') return []
    return lines.map((line) => line.replace(/(^|\s)#.*$/, '').trim()).filter((line) => line !== '')
  })

/** The words of a command as a shell splits them, quotes taken off; nothing is expanded. */
export const wordsOf = (command: string): readonly string[] =>
  [...command.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) =>
    word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'),
  )
